import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Notifications } from '../attach/notifications';
import { errorAnswer, LogIn, MAX_BODY_BYTES, NO_SUCH_ROUTE, Notify, parse, refuseBody } from '../attach/requests';
import { createNotifications, serve, type Running, type Settings } from '../attach/serving';
import { Sessions } from '../attach/sessions';

/** Notifications over REST by Hono, and over WebSockets by Portal, on one port. */
export async function startHono(port: number, settings: Settings): Promise<Running> {
  const app = await createNotifications(settings);
  const { container } = app;
  const rest = createRest(container.resolve(Sessions), container.resolve(Notifications));
  return serve(app, createAdaptorServer({ fetch: rest.fetch }) as Server, port);
}

function createRest(sessions: Sessions, notifications: Notifications): Hono {
  const rest = new Hono();
  rest.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => refuseBody(413) }));

  rest.post('/login', async (context) => {
    const { user, password } = parse(LogIn, await bodyOf(context));
    context.header('Set-Cookie', await sessions.begin(user, password));
    return context.body(null, 204);
  });

  rest.post('/logout', (context) => {
    notifications.logOut(sessions.userOf(context.req.header('cookie')).id);
    context.header('Set-Cookie', sessions.end);
    return context.body(null, 204);
  });

  rest.get('/notifications', (context) => {
    const { id } = sessions.userOf(context.req.header('cookie'));
    return context.json(notifications.of(id));
  });

  rest.post('/notifications', async (context) => {
    const user = sessions.userOf(context.req.header('cookie'));
    const { to, text } = parse(Notify, await bodyOf(context));
    return context.json(notifications.send(user, to, text), 201);
  });

  rest.notFound((context) => answer(context, NO_SUCH_ROUTE));
  rest.onError((error, context) => answer(context, error));
  return rest;
}

/** Hono parses any body as JSON. */
async function bodyOf({ req }: Context): Promise<unknown> {
  if (!/^application\/json *(?:;|$)/i.test(req.header('content-type') ?? '')) refuseBody(415);
  try {
    return await req.json();
  } catch (cause) {
    if (cause instanceof SyntaxError) refuseBody(400);
    throw cause;
  }
}

function answer(context: Context, error: unknown): Response {
  const { status, body } = errorAnswer(error);
  return context.json(body, status as ContentfulStatusCode);
}
