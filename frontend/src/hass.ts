/** Types for the parts of the frontend's `hass` object that the cards use, and the entities of this integration in it. */

export type Unsubscribe = () => void | Promise<void>;

export interface Connection {
  sendMessagePromise<T>(message: object): Promise<T>;
  subscribeMessage<T>(
    callback: (message: T) => void,
    message: object,
    options?: { resubscribe?: boolean },
  ): Promise<Unsubscribe>;
  addEventListener(event: string, callback: () => void): void;
  removeEventListener(event: string, callback: () => void): void;
}

export interface UserFormats {
  language: string;
  number_format: string;
  time_format: string;
  first_weekday: string;
}

export interface EntityEntry {
  entity_id: string;
  platform?: string;
  translation_key?: string;
  device_id?: string;
  hidden?: boolean;
}

export interface DeviceEntry {
  id: string;
  name?: string | null;
  name_by_user?: string | null;
  via_device_id?: string | null;
  disabled_by?: string | null;
}

/** Return the entities of this integration. */
export const ownEntities = (entities: Record<string, EntityEntry>): EntityEntry[] => Object.values(entities).filter(({ platform }) => platform === "smarty_p1");

export interface Hass {
  connection: Connection;
  locale: UserFormats;
  language: string;
  themes?: { darkMode?: boolean } | undefined;
  user?: { is_admin?: boolean };
  entities: Record<string, EntityEntry>;
  devices: Record<string, DeviceEntry>;
  states: Record<string, { state: string; attributes: Record<string, unknown>; last_changed?: string; last_updated?: string }>;
  callWS<T>(message: object): Promise<T>;
  fetchWithAuth(path: string, init: RequestInit): Promise<Response>;
  loadBackendTranslation(
    category: string,
    integration: string,
  ): Promise<(key: string, values?: Record<string, string | undefined>) => string>;
}
