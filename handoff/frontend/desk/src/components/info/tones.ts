/** The colour class (see `.tag` in desk.css) of a state: good, warn, danger, accent or none. */
export function orderTone(status: string): string {
  if (["delivered", "completed"].includes(status)) return "good";
  if (["unpaid", "refunding"].includes(status)) return "warn";
  if (["paid", "packed", "shipped"].includes(status)) return "accent";
  return "";
}

export function parcelTone(status: string): string {
  if (status === "delivered") return "good";
  return status === "exception" ? "danger" : "accent";
}

export function caseTone(status: string): string {
  if (status === "open") return "warn";
  if (status === "in_progress") return "accent";
  if (status === "done") return "good";
  return "";
}
