import t from 'tap';
import type { AdmissionRules } from '../../lib/replication/admission.ts';
import { refuseHello, refuseRules, refuseVersions, wrongSecret } from '../../lib/replication/admission.ts';
import type { Hello, KeyRules } from '../../lib/replication/hello.ts';
import { hello, rules } from './support/hellos.ts';

t.test('the twin is let in', async (t) => {
  t.equal(refuseVersions(hello()), undefined);
  t.equal(refuseHello(hello(), rules()), undefined);
  t.equal(refuseRules(hello(), rules()), undefined);
});

t.test('a version in common is enough', async (t) => {
  t.equal(refuseVersions({ versionLeast: 1, versionMost: 9 }), undefined);
  t.equal(refuseVersions({ versionLeast: 0, versionMost: 1 }), undefined);
});

t.test('without one the goodbye names the versions of both', async (t) => {
  const { reason, text = '' } = refuseVersions({ versionLeast: 2, versionMost: 3 }) ?? {};
  t.equal(reason, 'protocol-version');
  t.match(text, /2 to 3.* 1/);
  t.match(refuseVersions({ versionLeast: 2, versionMost: 2 })?.text, /version 2,/);
  t.match(refuseVersions({ versionLeast: 0, versionMost: 0 }), { reason: 'protocol-version' });
  t.match(refuseVersions({ versionLeast: 2, versionMost: 1 }), { reason: 'protocol-version' }, 'not even a range');
});

/** What node 1 says to this hello, in one word. */
function reasonFor(theirs: Partial<Hello>, ours: Partial<AdmissionRules> = {}): string | undefined {
  return refuseHello(hello(theirs), rules(ours))?.reason;
}

t.test('each thing that can be wrong has its own reason', async (t) => {
  t.equal(reasonFor({ clusterId: 2 }), 'wrong-cluster');
  t.equal(reasonFor({ nodeId: 1 }), 'same-node-id');
  t.equal(reasonFor({ nodeId: 3 }), 'unknown-node');
  t.equal(reasonFor({ nodeId: 0 }), 'unknown-node');
  t.equal(reasonFor({}, { twinId: undefined }), 'unknown-node');
  t.equal(reasonFor({}, { isEnabled: false }), 'disabled');
  t.equal(reasonFor({ usesSecret: false }), 'wrong-secret');
  t.equal(reasonFor({}, { usesSecret: false }), 'wrong-secret');
  t.equal(reasonFor({ usesSecret: false }, { usesSecret: false }), undefined);
});

t.test('what is wrong first is said, in the order of the page', async (t) => {
  const all = { clusterId: 2, nodeId: 1, usesSecret: false };
  const ours = { twinId: 5, isEnabled: false };
  t.equal(reasonFor(all, ours), 'wrong-cluster');
  t.equal(reasonFor({ ...all, clusterId: 1 }, ours), 'same-node-id');
  t.equal(reasonFor({ ...all, clusterId: 1, nodeId: 2 }, ours), 'unknown-node');
  t.equal(reasonFor({ ...all, clusterId: 1, nodeId: 2 }, { isEnabled: false }), 'disabled');
  t.equal(reasonFor({ ...all, clusterId: 1, nodeId: 2 }), 'wrong-secret');
});

t.test('the sentence names both nodes, since it is read on either', async (t) => {
  t.match(refuseHello(hello({ clusterId: 7 }), rules())?.text, /node 2 .*cluster 7.*node 1 .*cluster 1/);
  t.match(refuseHello(hello({ nodeId: 3 }), rules())?.text, /node 3 .*node 1.*node 2/);
  t.match(refuseHello(hello(), rules({ twinId: undefined }))?.text, /no other node/);
  t.match(refuseHello(hello(), rules({ isEnabled: false }))?.text, 'node 1');
  t.match(refuseHello(hello({ usesSecret: false }), rules())?.text, /node 1 has a secret.*node 2 has none/);
  t.match(refuseHello(hello(), rules({ usesSecret: false }))?.text, /node 2 has a secret.*node 1 has none/);
  t.match(wrongSecret(rules(), hello()), { reason: 'wrong-secret', text: /node 2 .*node 1/ });
});

t.test('another longest lifetime is another protocol', async (t) => {
  t.match(refuseRules(hello({ horizonS: 3600 }), rules()), {
    reason: 'horizon',
    text: /3600 s at node 2.*86400 s at node 1/,
  });
});

/** What node 1 says to a twin with these rules. */
function refuseKeyRules(theirs: Partial<KeyRules>): { reason: string; text: string } | undefined {
  return refuseRules(hello({ keyRules: { ...hello().keyRules, ...theirs } }), rules());
}

t.test('whatever decides keys must be the same, and is named with both values', async (t) => {
  t.match(refuseKeyRules({ matchingMode: 1 }), {
    reason: 'key-rules',
    text: /matching_mode is 1 at node 2 and 0 at node 1/,
  });
  t.match(refuseKeyRules({ useDomain: false }), { text: /use_domain is 0 at node 2 and 1 at node 1/ });
  t.match(refuseKeyRules({ caseSensitive: false }), { text: /case_sensitive is 0 at node 2 and 1 at node 1/ });
  t.match(refuseKeyRules({ realmPrefix: 'sip.' }), { text: /realm_prefix is "sip." at node 2 and "" at node 1/ });
});

t.test('all that differ are named at once', async (t) => {
  t.match(refuseKeyRules({ useDomain: false, realmPrefix: 'sip.' })?.text, /use_domain.*realm_prefix/);
});

t.test('a different max_contacts is let in', async (t) => {
  t.equal(refuseKeyRules({ maxContacts: 5 }), undefined);
});
