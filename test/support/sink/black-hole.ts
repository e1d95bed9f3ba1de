import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can swallow every byte, both ways, without closing anything: what a broken network looks like. */
export class BlackHole {
  private swallowing = false;
  private refusing = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async before(host: string, port: number): Promise<BlackHole> {
    return BlackHole.beforeLater(() => ({ host, port }));
  }

  /** For a server that has to know the proxy's address before it has one of its own. */
  static async beforeLater(address: () => { readonly host: string; readonly port: number }): Promise<BlackHole> {
    const server = createServer();
    const proxy = new BlackHole(server);
    server.on('connection', (client) => {
      if (proxy.refusing) {
        client.destroy();
        return;
      }
      const { host, port } = address();
      const upstream = connect(port, host);
      proxy.join(client, upstream);
      proxy.join(upstream, client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  swallow(): void {
    this.swallowing = true;
  }

  /** Closes every connection, and new ones at once: the server is gone. */
  cutOff(): void {
    this.refusing = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Connections that lost bytes stay broken; new ones work. */
  heal(): void {
    this.swallowing = false;
    this.refusing = false;
    for (const socket of this.sockets) socket.destroy();
  }

  /** New connections work, those that are there stay silent for ever. */
  leaveOldSilent(): void {
    this.swallowing = false;
    for (const socket of this.sockets) socket.removeAllListeners('data').resume();
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (bytes) => {
      if (!this.swallowing) to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      if (!this.swallowing) to.destroy();
    });
  }
}
