/** What the management interface says about the process that it runs in. */
export interface ProcessFacts {
  readonly version: string;
  readonly pid: number;
  /** `x64/linux`, as OpenSIPS writes its own. */
  readonly platform: string;
  readonly startedAtMs: number;
  residentBytes(): number;
}
