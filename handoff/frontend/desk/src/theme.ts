import type { GlobalThemeOverrides } from "naive-ui";

const FONT =
  'Inter, system-ui, -apple-system, "Segoe UI", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';

/** Naive UI in the desk's colours; the same values as the variables in desk.css. */
export function themeOverrides(dark: boolean): GlobalThemeOverrides {
  const primary = dark ? "#2dd4bf" : "#0f766e";
  const hover = dark ? "#5eead4" : "#128a80";
  return {
    common: {
      fontFamily: FONT,
      fontSize: "14px",
      borderRadius: "8px",
      borderRadiusSmall: "6px",
      primaryColor: primary,
      primaryColorHover: hover,
      primaryColorPressed: dark ? "#14b8a6" : "#0b5f58",
      primaryColorSuppl: hover,
      errorColor: dark ? "#f2777a" : "#d1393e",
      warningColor: dark ? "#f0b357" : "#b7690a",
      ...(dark ? { bodyColor: "#141917", cardColor: "#1b2220", modalColor: "#1f2725", popoverColor: "#242d2a" } : {}),
    },
    Button: { fontWeight: "500" },
  };
}
