import { Expose, Type } from 'class-transformer';
import { IsString, ValidateNested } from 'class-validator';
import { MessageBody, Module, OnMessage, WebSocketPath } from 'portal-ws';
import { createTestApp } from 'portal-ws/testing';

class Author {
  @IsString()
  name!: string;
}

class Post {
  @ValidateNested()
  @Type(() => Author)
  author!: Author;

  @IsString()
  @Expose({ name: 't' })
  title!: string;
}

@WebSocketPath('/')
class Posts {
  @OnMessage('post')
  post(@MessageBody() { author, title }: Post): unknown {
    return [author instanceof Author, title];
  }
}

@Module({ controllers: [Posts] })
class AppModule {}

test('after jest.resetModules, DTO classes that were decorated before are read by their decorators', async () => {
  jest.resetModules();
  const app = await createTestApp(AppModule);
  const client = await app.connect('/');
  expect(await client.request('post', { author: { name: 'ann' }, t: 'hello' })).toEqual([true, 'hello']);
  await expect(client.request('post', { author: { name: 1 }, t: 'hello' })).rejects.toMatchObject({
    details: [{ path: 'author.name' }],
  });
  await app.close();
});
