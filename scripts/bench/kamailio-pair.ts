import { join } from 'node:path';
import { kamailioServer } from './kamailio.ts';
import { untilEachShowsTheOther } from './replicates.ts';
import { pairPlaces, type Place, type Server, type StartPair } from './server.ts';

/**
 * Two Kamailio nodes that replicate their locations with dmq_usrloc, each set up as the single one of this bench. One dmq worker, as there is one
 * UDP worker; `dmq_process_message` takes a message in the worker that received it, which is the cheaper of its two ways.
 */
export const startKamailioPair: StartPair = async (folder, port) => {
  const { active, passive } = pairPlaces(port);
  const nodes: Server[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const first = await startNode(join(folder, 'active'), active, passive);
    nodes.push(first);
    const second = await startNode(join(folder, 'passive'), passive, active);
    nodes.push(second);
    await untilEachShowsTheOther(first, second);
    return { name: 'kamailio 5.6 (-x fm -X fm), dmq_usrloc', active: first, passive: second, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

function startNode(folder: string, place: Place, other: Place): Promise<Server> {
  return kamailioServer(`kamailio at ${place.address}`, folder, place, {
    modulesBefore: ['tm'],
    modules: ['dmq', 'dmq_usrloc'],
    parameters: `modparam("dmq", "server_address", "sip:${place.address}:${place.port}")
modparam("dmq", "notification_address", "sip:${other.address}:${other.port}")
modparam("dmq", "num_workers", 1)
modparam("dmq_usrloc", "enable", 1)
modparam("dmq_usrloc", "batch_msg_contacts", 50)
`,
    routes: '  if (method == "KDMQ") { dmq_process_message(); exit; }\n',
  });
}
