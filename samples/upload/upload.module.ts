import { Module } from 'portal-ws';
import { UploadFolder } from './settings';
import { UploadController } from './upload.controller';
import { Uploads } from './uploads';

/** Needs an `UploadFolder` among the providers of the application. */
@Module({
  controllers: [UploadController],
  providers: [{ token: Uploads, useFactory: (container) => Uploads.open(container.resolve(UploadFolder)) }],
})
export class UploadModule {}
