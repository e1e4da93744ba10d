import { parentPort } from 'node:worker_threads';
import { invariant } from '../core/errors.ts';
import { carryOut } from './clusterer-file.ts';
import type { ClustererOrder } from './clusterer-order.ts';

// One order, and the thread ends.
invariant(parentPort !== null, 'this module is the entry of a thread');
const port = parentPort;
port.once('message', (order: ClustererOrder) => port.postMessage(carryOut(order)));
