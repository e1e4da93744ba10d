/** Whether this node is the one of its pair that pings and judges. Both serve REGISTER, whatever comes in. */
export type RoleName = 'active' | 'passive';
