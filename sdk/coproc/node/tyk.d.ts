import type { Declaration, Handler, Hook, Session } from './index.js';

/** Tyk's coprocess object. */
export interface TykObject {
  hook_type: 'Pre' | 'Post' | 'PostKeyAuth' | 'CustomKeyCheck' | 'Response' | 'Unknown';
  hook_name: string;
  request: {
    headers: Record<string, string>;
    set_headers: Record<string, string>;
    delete_headers: string[];
    body: string;
    raw_body: Buffer;
    url: string;
    params: Record<string, string>;
    add_params: Record<string, string>;
    extended_params: Record<string, string>;
    delete_params: string[];
    return_overrides: {
      response_code: number;
      response_error: string;
      response_body: string;
      headers: Record<string, string>;
      override_error: boolean;
    };
    method: string;
    request_uri: string;
    scheme: string;
  };
  session: Session | null;
  metadata: Record<string, string>;
  spec: { OrgID: string; APIID: string; bundle_hash: string; config_data?: string };
  response?: {
    status_code: number;
    body: string;
    raw_body: Buffer;
    headers: Record<string, string>;
    multivalue_headers: { key: string; values: string[] }[];
  };
}

/** Makes a handler of a function that is written for Tyk's object. */
export function tyk(dispatch: (object: TykObject) => TykObject | void | Promise<TykObject | void>): Handler;
/** What a handler of Tyk's object declares for one hook. */
export function tykDeclaration(hook: Hook): Declaration;
