// Two soft notes, a fifth apart: heard across a room, not annoying the tenth time.
const NOTES = [
  { frequency: 659.25, at: 0 },
  { frequency: 987.77, at: 0.18 },
];
const LENGTH_S = 0.5;
const VOLUME = 0.12;

let context: AudioContext | null = null;

/** One ring. Browsers keep quiet until the page was touched once; then this is silent, not an error. */
export function playRing(): void {
  if (typeof AudioContext === "undefined") return;
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume().catch(() => undefined);
  for (const { frequency, at } of NOTES) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const start = context.currentTime + at;
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_S);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + LENGTH_S);
  }
}
