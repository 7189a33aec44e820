import { Module, bootstrap } from '../../dist/index.js';
import { makeControllers } from './application.mjs';
import { ready } from './control.mjs';
import { decorate } from './decorate.mjs';

class AppModule {}

decorate(AppModule, [Module({ controllers: makeControllers() })]);
const begin = performance.now();
const app = await bootstrap(AppModule, { port: 0, host: '127.0.0.1' });
ready(app.port, { bootMs: performance.now() - begin });
