// One of `bootstrapServers`: what librdkafka would misread is refused. It takes a port's last 16 bits for the port.

const SERVER = /^(?:[A-Za-z_]+:\/\/)?(?:\[[^\s,[\]\0]+\]|[^\s,:[\]\0]+)(?::(\d{1,5}))?$/;
/** An IPv6 address without brackets, which has no port. */
const BARE_IPV6 = /^[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,}$/;

/** 'SSL' of 'SSL://host:9093'; undefined without one. */
export function schemeOf(server: string): string | undefined {
  return /^([A-Za-z_]+):\/\//.exec(server)?.[1];
}

/** Of a list, separated by commas. */
export function withoutSchemes(servers: string): string {
  return servers.replace(/(^|,)[A-Za-z_]+:\/\//g, '$1');
}

export function isServer(server: string): boolean {
  if (BARE_IPV6.test(server)) return true;
  const [matched, port] = SERVER.exec(server) ?? [];
  return matched !== undefined && (port === undefined || (Number(port) >= 1 && Number(port) <= 65535));
}
