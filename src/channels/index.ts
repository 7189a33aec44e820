export type { Backplane, BackplaneEvents, BackplaneHistory, HistoryOptions, KeptPacket, PacketId } from './backplane';
export type { Reports } from './arrivals';
export { channelName } from './channel-name';
export { Channels, type ChannelsOptions, type PublishOptions, type UserConnections } from './channels';
export type { Others } from './history';
export type { Publication } from './hub';
export type { Member, PresenceHandlers, PresenceWatch } from './presence';
