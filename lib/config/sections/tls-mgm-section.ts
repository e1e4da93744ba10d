import * as z from 'zod';
import { keyNotes, sectionNotes } from '../notes.ts';
import { pathText } from '../values.ts';

const ONE_DOMAIN = 'there is one TLS domain, that of replication; remove it';
const ALWAYS_VERIFIED = 'both nodes always show a certificate and verify the other one; remove it';

export const tlsMgmSection = z
  .strictObject({
    certificate: pathText().optional().register(keyNotes, {
      meaning: "This node's certificate, in PEM, with those between it and the authority behind it.",
      opensips: 'tls_mgm `certificate`',
      defaultText: 'none',
    }),
    private_key: pathText().optional().register(keyNotes, {
      meaning: 'The key of `certificate`, in PEM.',
      opensips: 'tls_mgm `private_key`',
      defaultText: 'none',
    }),
    ca_list: pathText().optional().register(keyNotes, {
      meaning: "Certificates of the authorities that the other node's certificate may come from, in PEM.",
      opensips: 'tls_mgm `ca_list`',
      defaultText: 'none',
    }),
  })
  .register(sectionNotes, {
    meaning:
      'What replication over TLS (`listen: bins:…`) needs; nothing else uses TLS yet. Relative paths are below the data folder.',
    example: `listen: [sip:10.0.0.150, bins:10.0.0.177]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer: {my_node_id: 1, secret_file: /etc/twinreg/cluster-secret}
tls_mgm:
  certificate: /etc/twinreg/node-a.pem
  private_key: /etc/twinreg/node-a.key
  ca_list: /etc/twinreg/ca.pem`,
    refusedKeys: {
      server_domain: ONE_DOMAIN,
      client_domain: ONE_DOMAIN,
      match_ip_address: ONE_DOMAIN,
      match_sip_domain: ONE_DOMAIN,
      verify_cert: ALWAYS_VERIFIED,
      require_cert: ALWAYS_VERIFIED,
      tls_method: 'TLS 1.2 and 1.3 are spoken; remove it',
      ciphers_list: "Node.js's own list is used; remove it",
      ca_dir: 'write the certificates into one file, ca_list',
    },
  });
