/** A day: `2026-12-01` */
export const dayText = (time: Date): string => time.toISOString().slice(0, 10);

/** A time as people read it: `2026-12-01 02:00 UTC`. */
export const timeText = (time: Date): string =>
  `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const MINUTE_MS = 60_000;

/** The first whole minute that is not before a time, so that nobody comes too early. */
export const untilText = (time: Date): string =>
  timeText(new Date(Math.ceil(Number(time) / MINUTE_MS) * MINUTE_MS));
