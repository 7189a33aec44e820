import { startFastify } from '../../samples/fastify/server';
import { keepsNotifications } from './notifications';

describe('notifications beside Fastify', () => keepsNotifications('fastify', startFastify));
