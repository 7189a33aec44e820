import { Catch, PortalError, type ExceptionFilter } from 'portal-ws';
import { NoSuchNoticeError } from './board';

@Catch(NoSuchNoticeError)
export class NoSuchNoticeFilter implements ExceptionFilter<NoSuchNoticeError> {
  catch({ id }: NoSuchNoticeError): never {
    throw new PortalError('no_such_notice', `There is no notice ${id}.`, { details: { id } });
  }
}
