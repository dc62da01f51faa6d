/** Drawn here, so that nothing is fetched. All are decoration: their buttons carry the words. */
import type { ComponentChildren } from "preact";

function Icon(props: { children: ComponentChildren; size?: number }) {
  const size = props.size ?? 20;
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {props.children}
    </svg>
  );
}

export const ChatIcon = () => (
  <Icon size={26}>
    <path d="M20 11.5a7.5 7.5 0 0 1-7.5 7.5H6.8L4 21v-9.5A7.5 7.5 0 0 1 11.5 4h1A7.5 7.5 0 0 1 20 11.5Z" />
    <path d="M8.8 11.6h.01M12 11.6h.01M15.2 11.6h.01" stroke-width="2.4" />
  </Icon>
);
export const CloseIcon = (props: { size?: number }) => (
  <Icon size={props.size ?? 20}>
    <path d="m6 9 6 6 6-6" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M12 19V5M5.5 11.5 12 5l6.5 6.5" stroke-width="2.2" />
  </Icon>
);
export const BotIcon = () => (
  <Icon>
    <rect x="5" y="8" width="14" height="10.5" rx="3.5" />
    <path d="M12 8V5M9.6 13v.6M14.4 13v.6M2.8 12.5v2M21.2 12.5v2" />
    <circle cx="12" cy="4" r=".8" />
  </Icon>
);
export const PersonIcon = (props: { size?: number }) => (
  <Icon size={props.size ?? 16}>
    <path d="M4.5 14v-2a7.5 7.5 0 0 1 15 0v2" />
    <path d="M4.5 13.5h1.7c.7 0 1.3.6 1.3 1.3v2.9c0 .7-.6 1.3-1.3 1.3-.9 0-1.7-.8-1.7-1.7zM19.5 13.5h-1.7c-.7 0-1.3.6-1.3 1.3v2.9c0 .7.6 1.3 1.3 1.3.9 0 1.7-.8 1.7-1.7zM19.5 17.3c0 2.3-1.9 3.7-4.5 3.7h-1.5" />
  </Icon>
);
export const HourglassIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.2V12l3 2" />
  </Icon>
);
export const BoxIcon = () => (
  <Icon size={16}>
    <path d="M4 7.8 12 4l8 3.8v8.4L12 20l-8-3.8zM4 7.8l8 3.8 8-3.8M12 11.6V20" />
  </Icon>
);
export const TruckIcon = () => (
  <Icon size={16}>
    <path d="M3 6.5h10.5v9.8H3zM13.5 10h4l3 3v3.3h-7z" />
    <circle cx="7.2" cy="17.3" r="1.7" />
    <circle cx="17" cy="17.3" r="1.7" />
  </Icon>
);
export const FileIcon = () => (
  <Icon>
    <path d="M7 3.5h6.5L18 8v12.5H7zM13.5 3.5V8H18" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon size={13}>
    <path d="m5.5 12.5 4.3 4.3 8.7-9.3" stroke-width="2.4" />
  </Icon>
);
export const DownIcon = () => (
  <Icon size={15}>
    <path d="M12 5v14M6 13l6 6 6-6" />
  </Icon>
);
