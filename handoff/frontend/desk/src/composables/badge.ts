const SIZE = 64;
const MARK = "#0f766e";
const ALERT = "#e5484d";

/** Draw the tab's icon with a number on it. Without a canvas (old browsers, tests) the icon stays as it is. */
export function drawBadge(count: number, urgent: boolean): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel='icon']");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext?.("2d");
  if (!link || !context) return;
  drawBubble(context);
  if (count > 0) drawCount(context, count, urgent);
  link.type = "image/png";
  link.href = canvas.toDataURL("image/png");
}

function drawBubble(context: CanvasRenderingContext2D): void {
  context.fillStyle = MARK;
  context.beginPath();
  context.roundRect(2, 6, 60, 44, 14);
  context.fill();
  context.beginPath();
  context.moveTo(16, 46);
  context.lineTo(16, 62);
  context.lineTo(34, 48);
  context.fill();
  context.fillStyle = "#ffffff";
  for (const x of [18, 32, 46]) {
    context.beginPath();
    context.arc(x, 28, 5, 0, Math.PI * 2);
    context.fill();
  }
}

function drawCount(context: CanvasRenderingContext2D, count: number, urgent: boolean): void {
  context.fillStyle = urgent ? ALERT : "#d97706";
  context.beginPath();
  context.arc(45, 45, 19, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = "#ffffff";
  context.font = "bold 26px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(count > 9 ? "9+" : String(count), 45, 47);
}
