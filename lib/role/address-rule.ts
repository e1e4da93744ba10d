/**
 * What a node's SIP address has to do with its role. `always-here`: it serves all addresses of this host, so that none can leave.
 * `watched`: a node without it is passive, whatever its flag says. `followed`: and until somebody sets the flag, it is set
 * while the address is here.
 */
export type AddressRule = 'always-here' | 'watched' | 'followed';
