import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInstance,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { z } from 'zod';

/** The data of events between client and server. */
export const STATUSES = ['placed', 'shipped', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

const ARTICLE = /^[a-z]{1,20}$/;

export class Line {
  @Matches(ARTICLE)
  article!: string;

  @IsInt()
  @Min(1)
  @Max(1000)
  quantity!: number;
}

export class Address {
  @IsString()
  @Length(1, 80)
  street!: string;

  @IsString()
  @Length(1, 40)
  city!: string;
}

/**
 * `orders.place`. `IsInstance` requires what `ValidateNested` does not: that the property is present, and that it is no array
 * of such objects.
 */
export class PlaceOrder {
  @IsString()
  @Length(1, 60)
  customer!: string;

  @IsInstance(Address)
  @ValidateNested()
  @Type(() => Address)
  address!: Address;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsInstance(Line, { each: true })
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

/** `orders.list`: the newest first. A schema may have defaults. */
export const listOrders = z
  .strictObject({
    status: z.enum(STATUSES).optional(),
    limit: z.int().min(1).max(100).default(20),
  })
  .prefault({});
export type ListOrders = z.output<typeof listOrders>;

/** `orders.cancel`, `orders.ship` and `orders.follow`. */
export class OrderId {
  @IsInt()
  @Min(1)
  order!: number;
}

export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly address: Readonly<Address>;
  /** One entry for each article. */
  readonly lines: readonly Readonly<Line>[];
  readonly status: Status;
}

/** The details of `out_of_stock`, one for each article that is short. */
export interface Shortage {
  readonly article: string;
  readonly wanted: number;
  readonly available: number;
}
