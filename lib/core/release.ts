import packageJson from '../../package.json' with { type: 'json' };

export const VERSION = packageJson.version;

/**
 * When this version was made, roughly: no wall clock that is right says less. A clock below it (a machine without a
 * battery that has not heard of the time yet) is not believed.
 */
export const RELEASED_AT_MS = Date.UTC(2026, 10, 1);
