/** Whether this node is the one of its pair that has the address, and pings and judges. Both serve REGISTER, whatever comes in. */
export type RoleName = 'active' | 'passive';
