import { Transform, Type } from 'class-transformer';
import { Allow, IsArray, IsDefined, IsString, ValidateNested } from 'class-validator';
import { MessageBody, OnMessage, WebSocketPath, type ModuleOptions } from '../../src';
import { bootErrorOf, serve } from '../support/serve';

class Item {
  @IsString()
  name!: string;
}

/** A controller whose handler takes this class. */
function taking(dto: new () => object): NonNullable<ModuleOptions['controllers']>[number] {
  class Chat {
    take(body: unknown): unknown {
      return body;
    }
  }
  MessageBody(() => dto)(Chat.prototype, 'take', 0);
  OnMessage('take')(Chat.prototype, 'take', Object.getOwnPropertyDescriptor(Chat.prototype, 'take')!);
  WebSocketPath('/')(Chat);
  return Chat;
}

class OneWithoutType {
  @ValidateNested()
  item!: Item;
}
class ManyWithoutType {
  @IsArray()
  @ValidateNested({ each: true })
  items!: Item[];
}
class SetWithoutType {
  @ValidateNested({ each: true })
  items!: Set<Item>;
}
class UnionWithoutType {
  @ValidateNested()
  item!: Item | string;
}
class OneUnchecked {
  @IsDefined()
  item!: Item;
}
class ManyUnchecked {
  @IsArray()
  @Type(() => Item)
  items!: Item[];
}
class TypeOfArray {
  @ValidateNested({ each: true })
  @Type(() => [Item] as never)
  items!: Item[];
}
class TypeOfNothing {
  @ValidateNested()
  @Type(() => undefined as never)
  item!: Item;
}
class DeeperDown {
  @ValidateNested()
  @Type(() => ManyWithoutType)
  list!: ManyWithoutType;
}
class OfBase extends OneWithoutType {
  @IsString()
  more!: string;
}

const PLACE = 'Chat.take, parameter 1 (body): ';

test.each<[new () => object, string]>([
  [
    OneWithoutType,
    'OneWithoutType.item has @ValidateNested() but no @Type(), so it would never be valid. Write @Type(() => Item).',
  ],
  [
    ManyWithoutType,
    'ManyWithoutType.items has @ValidateNested() but no @Type(), so it would never be valid. Write @Type(() => Item).',
  ],
  [SetWithoutType, 'SetWithoutType.items has @ValidateNested() but no @Type()'],
  [UnionWithoutType, 'UnionWithoutType.item has @ValidateNested() but no @Type()'],
  [
    OneUnchecked,
    'OneUnchecked.item is a Item, whose decorators nobody would look at. Add @ValidateNested() and @Type(() => Item).',
  ],
  [
    ManyUnchecked,
    'ManyUnchecked.items is a Item, whose decorators nobody would look at. Add @ValidateNested({ each: true }).',
  ],
  [
    TypeOfArray,
    'TypeOfArray.items has a @Type() whose function returns an array. Write @Type(() => Item), the class of one item',
  ],
  [TypeOfNothing, 'TypeOfNothing.item has a @Type() whose function returns no class. Write @Type(() => Item)'],
  [DeeperDown, 'ManyWithoutType.items has @ValidateNested() but no @Type()'],
  [OfBase, 'OfBase.item has @ValidateNested() but no @Type()'],
])('%p is refused', async (dto, message) => {
  expect(await bootErrorOf([taking(dto)])).toContain(PLACE + message);
});

class Tree {
  @IsString()
  name!: string;

  @ValidateNested({ each: true })
  @Type(() => Tree)
  children!: Tree[];

  @ValidateNested()
  @Transform(({ value }) => Object.assign(new Item(), value as object))
  made!: Item;

  @ValidateNested()
  @Type((about) => (about?.object === undefined ? Item : Item))
  chosen!: Item;

  @Allow()
  at!: Date;

  @Allow()
  any!: object;
}

test('what is made its own way, contains itself, or needs nothing passes', async () => {
  const app = await serve([taking(Tree)]);
  const client = await app.connect('/');
  const leaf = { name: 'b', children: [], made: { name: 'm' }, chosen: { name: 'c' }, at: 'now', any: {} };
  expect(await client.request('take', { ...leaf, children: [leaf] })).toMatchObject({ children: [{ name: 'b' }] });
  await expect(client.request('take', { ...leaf, children: [{ ...leaf, name: 5 }] })).rejects.toMatchObject({
    code: 'validation_failed',
  });
});
