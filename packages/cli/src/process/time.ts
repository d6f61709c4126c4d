/** `2026-12-01` */
export const dayText = (time: Date): string => time.toISOString().slice(0, 10);

/** `2026-12-01 02:00 UTC` */
export const timeText = (time: Date): string =>
  `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const MINUTE_MS = 60_000;

/** The first whole minute that is not earlier. */
export const untilText = (time: Date): string =>
  timeText(new Date(Math.ceil(Number(time) / MINUTE_MS) * MINUTE_MS));
