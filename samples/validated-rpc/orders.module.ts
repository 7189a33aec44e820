import { Module } from 'portal-ws';
import { OrderBook } from './order-book';
import { OrdersController } from './orders.controller';
import { Stock } from './stock';

@Module({
  controllers: [OrdersController],
  providers: [OrderBook, { token: Stock, useFactory: () => new Stock({ lamp: 20, chair: 8, desk: 2 }) }],
})
export class OrdersModule {}
