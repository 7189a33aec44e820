export type { Backplane, BackplaneEvents, BackplaneHistory, HistoryOptions, KeptPacket, PacketId } from './backplane';
export { channelName } from './channel-name';
export { isPattern, partsOf, wildcardAt } from './channel-pattern';
export { Channels, type PublishOptions, type UserConnections } from './channels';
export type { Publication } from './hub';
export type { Member } from './member';
export type { PresenceHandlers, PresenceWatch } from './presence';
