/** What a node tells its twin while it has the role: in the hello, in heartbeats, and at once when it changes. */
export interface RoleAnnouncement {
  /** Cluster time of the last order that gave it the role (`nh_enable_ping 1`), a repeated one included; 0 = nobody ordered it. */
  readonly takenAtMs: number;
  readonly nodeId: number;
}
