/** What a node tells its twin while it is active: in the hello, in heartbeats, and at once when it changes. */
export interface RoleAnnouncement {
  /** Cluster time of the last order (`nh_enable_ping 1`), a repeated one included, or of the address's arrival, if that was later; 0 = nobody ordered it, and the address was here at the start. */
  readonly takenAtMs: number;
  readonly nodeId: number;
}
