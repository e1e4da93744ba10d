/** What the management interface says about the process that it runs in. */
export interface ProcessFacts {
  readonly version: string;
  readonly pid: number;
  /** `x64/linux`, as OpenSIPS writes its own. */
  readonly platform: string;
  readonly startedAtMs: number;
  /** As the process was started: the executable first. */
  readonly args: readonly string[];
  workingDirectory(): string;
  residentBytes(): number;
  /** CPU time since the start, all threads. */
  cpuMs(): number;
}
