import { parentPort } from 'node:worker_threads';
import { invariant } from '../core/errors.ts';
import { StorageService } from './storage-service.ts';

invariant(parentPort !== null, 'this module is the entry of a thread');
StorageService.serve(parentPort);
