import { isDeepStrictEqual } from 'node:util';
import type { Cleanup } from './cleanup.ts';
import { otherOf, PING_INTERVAL_S, SIP_PORT, type NodeId } from './demo-node.ts';
import { Phones } from './phones.ts';
import type { Stage } from './stage.ts';
import { tablesText, type Side } from './tables.ts';
import { nowMs, waitUntil, within } from './wait.ts';

const USERS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'] as const;

/** Far more than any failover takes. */
const ANSWER_MS = 30_000;

/** What the demonstration tells, in order. */
export class Story {
  readonly #stage: Stage;
  readonly #cleanup: Cleanup;
  readonly #say: (line: string) => void;
  readonly #beganMs = nowMs();
  /** What is said once more at the end. */
  readonly #summary: string[] = [];

  constructor(stage: Stage, cleanup: Cleanup, say: (line: string) => void) {
    this.#stage = stage;
    this.#cleanup = cleanup;
    this.#say = say;
  }

  async tell(): Promise<void> {
    this.#say('');
    for (const line of this.#stage.description) this.#say(line);
    await this.#startBoth();
    const phones = await this.#registerPhones();
    await this.#killActive(phones);
    await this.#bringBack();
    this.#sumUp();
  }

  async #startBoth(): Promise<void> {
    this.#title('Both nodes start');
    await this.#stage.startNode(1);
    await this.#stage.startNode(2);
    await this.#stage.watch();
    await this.#settled(1);
    this.#step('node 1 is active, node 2 is passive, and both are in sync');
  }

  async #registerPhones(): Promise<Phones> {
    const { virtualAddress, phonesAddress, amongPhones } = this.#stage;
    this.#title(`${String(USERS.length)} phones register at ${virtualAddress}, and go on refreshing all the time`);
    const server = { address: virtualAddress, port: SIP_PORT };
    const phones = await Phones.start({ users: USERS, phonesAddress, server }, amongPhones, this.#cleanup);
    await within(ANSWER_MS, 'each phone is registered', phones.each(USERS, 'registered'));
    this.#step('each phone has its 200 OK, and each binding was on both nodes before');
    await within(ANSWER_MS, 'each phone is pinged', phones.each(USERS, 'pinged'));
    this.#step(`each phone was pinged, as it is every ${String(PING_INTERVAL_S)} s, by node 1 alone`);
    await this.#showTables();
    return phones;
  }

  async #killActive(phones: Phones): Promise<void> {
    this.#title('The active node is killed: kill -9');
    const killedAtMs = nowMs();
    const answered = phones.next((event) => event.kind === 'registered' && event.sentAtMs > killedAtMs);
    const pinged = phones.next((event) => event.kind === 'pinged' && event.atMs > killedAtMs);
    await this.#stage.node(1).kill();
    this.#step('node 1 is dead', true);
    const after = (atMs: number) => `${String(Math.round(atMs - killedAtMs))} ms after the kill`;
    const { atMs: answeredAtMs, user } = await within(ANSWER_MS, 'node 2 answers', answered);
    this.#step(`node 2 answers: ${user}'s REGISTER got its 200 OK, ${after(answeredAtMs)}`, true);
    const ping = await within(ANSWER_MS, 'node 2 pings', pinged);
    this.#step(`node 2 pings: the first one came to ${ping.user}, ${after(ping.atMs)}`, true);
    await within(ANSWER_MS, 'each phone is pinged by node 2', phones.each(USERS, 'pinged'));
    this.#step('node 2 has pinged each of the phones', true);
    await this.#showTables();
    await this.#checkUsers(2);
  }

  async #bringBack(): Promise<void> {
    this.#title('Node 1 is started again, on what it has on its disk');
    await this.#stage.startNode(1);
    this.#step('node 1 is up', true);
    await this.#settled(2);
    this.#step('node 1 has taken what it was missing: both are in sync; it stays passive, and is quiet', true);
    await this.#checkUsers(1);
    await this.#showTables();
    const { pings } = await this.#stage.node(1).status();
    if (pings.sent > 0) throw new Error('the passive node has pinged, and must not');
  }

  #sumUp(): void {
    this.#title('What happened');
    for (const line of this.#summary) this.#say(line);
    for (const nodeId of [1, 2] as const) {
      this.#title(`The same as node ${String(nodeId)} has it: twinreg history`);
      for (const line of this.#stage.node(nodeId).history().trimEnd().split('\n')) this.#say(`  ${line}`);
    }
    this.#say('');
  }

  /** This node alone is active, and both are in sync. */
  async #settled(active: NodeId): Promise<void> {
    await waitUntil(`node ${String(active)} alone is active, and both nodes are in sync`, async () => {
      const [own, other] = [await this.#stage.node(active).status(), await this.#stage.node(otherOf(active)).status()];
      const areInSync = [own, other].every(
        ({ replication }) => replication.outgoing === 'in-sync' && replication.incoming === 'in-sync',
      );
      return areInSync && own.pings.active && !other.role.active;
    });
  }

  /** Nobody who was answered may be missing. */
  async #checkUsers(nodeId: NodeId): Promise<void> {
    const rows = await this.#stage.node(nodeId).rows();
    const users = rows?.map(({ aor }) => aor.split('@')[0] ?? '');
    if (!isDeepStrictEqual(users, [...USERS])) {
      throw new Error(`node ${String(nodeId)} has ${users?.join(', ') ?? 'nothing'} instead of ${USERS.join(', ')}`);
    }
    this.#step(`none of the ${String(USERS.length)} registrations is missing on node ${String(nodeId)}`, true);
  }

  async #showTables(): Promise<void> {
    const [left, right] = [await this.#side(1), await this.#side(2)];
    this.#say('');
    for (const line of tablesText(left, right)) this.#say(`  ${line}`);
    this.#say('');
  }

  async #side(nodeId: NodeId): Promise<Side> {
    const node = this.#stage.node(nodeId);
    const rows = await node.rows();
    return { name: `node ${String(nodeId)}`, status: rows === undefined ? undefined : await node.status(), rows };
  }

  #title(text: string): void {
    this.#say('');
    this.#say(`== ${text}`);
  }

  #step(text: string, isForTheEnd = false): void {
    const line = `${((nowMs() - this.#beganMs) / 1000).toFixed(1).padStart(7)} s  ${text}`;
    this.#say(line);
    if (isForTheEnd) this.#summary.push(line);
  }
}
