// The SDK for Sallyport plugins in AssemblyScript; README.md is its guide.
import "./abort";
import * as host from "./host";

export { API } from "./api";
export { Config, config } from "./config";
export { env } from "./env";
export { Errno } from "./errno";
export { Exchange, run } from "./exchange";
export { Fields, Header } from "./header";
export { http, Outgoing, Response } from "./http";
export { KV, kv } from "./kv";
export { List } from "./list";
export { Level, log } from "./log";
export { Meta } from "./meta";
export { Metric, metric } from "./metric";
export { Notice } from "./notice";
export { Reply } from "./reply";
export { Request } from "./request";
export { Session } from "./session";
export { monotonic, now, random, timeLeft } from "./system";
export { Value } from "./value";
export { Verdict } from "./verdict";

// For plugins that handle every error themselves.
export { host };
