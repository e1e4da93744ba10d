/** The configuration is wrong. The message has a line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
