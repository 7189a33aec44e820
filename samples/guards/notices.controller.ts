import { IsInt, IsString, Length, Min } from 'class-validator';
import {
  Connection,
  CurrentUser,
  OnClose,
  OnMessage,
  OnOpen,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
} from 'portal-ws';
import { AuditFilter, AuditInterceptor, AuditLog, type AuditEntry } from './audit';
import { Board, type Notice } from './board';
import { EditorGuard } from './editor-guard';
import { Expiry } from './expiry';
import { NoSuchNoticeFilter } from './no-such-notice-filter';
import { PROTOCOL, TokenGuard } from './token-guard';
import type { User } from './tokens';

class PostNotice {
  @IsString()
  @Length(1, 500)
  text!: string;
}

class RemoveNotice {
  @IsInt()
  @Min(1)
  id!: number;
}

/** A board that holders of a token may read, and editors may write on. */
@WebSocketPath('/notices', { protocols: [PROTOCOL], limits: { maxMessageBytes: 4 * 1024 } })
@UseGuards(TokenGuard)
@UseInterceptors(AuditInterceptor)
@UseFilters(AuditFilter, NoSuchNoticeFilter)
export class NoticesController {
  constructor(
    private readonly board: Board,
    private readonly expiry: Expiry,
    private readonly auditLog: AuditLog,
  ) {}

  @OnOpen()
  enter(connection: Connection, @CurrentUser() user: User): void {
    this.board.enter(connection);
    this.expiry.watch(connection, user);
  }

  @OnMessage('notices.list')
  list(): Notice[] {
    return this.board.list();
  }

  @OnMessage('notices.post')
  @UseGuards(EditorGuard)
  post({ text }: PostNotice, @CurrentUser() user: User): Notice {
    return this.board.post(user.id, text);
  }

  @OnMessage('notices.remove')
  @UseGuards(EditorGuard)
  remove({ id }: RemoveNotice): void {
    this.board.remove(id);
  }

  @OnMessage('notices.audit')
  @UseGuards(EditorGuard)
  audit(): AuditEntry[] {
    return [...this.auditLog.entries];
  }

  @OnClose()
  leave(connection: Connection): void {
    this.board.leave(connection);
    this.expiry.forget(connection);
  }
}
