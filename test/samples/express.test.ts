import { startExpress } from '../../samples/express/server';
import { keepsNotifications } from './notifications';

describe('notifications beside Express', () => keepsNotifications('express', startExpress));
