/** What usrloc's MI commands write into contacts as Call-ID, CSeq and User-Agent. No phone uses this Call-ID. */
export const MI_CALL_ID = 'dfjrewr12386fd6-343@opensips.mi';
export const MI_CSEQ = 1;
export const MI_USER_AGENT = 'OpenSIPS MI Server';
