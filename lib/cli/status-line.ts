/** A line of what `status` shows to people; an empty label goes on with the thing above it. */
export type StatusLine = readonly [label: string, text: string];
