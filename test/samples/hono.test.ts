import { startHono } from '../../samples/hono/server';
import { keepsNotifications } from './notifications';

describe('notifications beside Hono', () => keepsNotifications('hono', startHono));
