import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface ImapMailbox {
  url: string;
  mails: { raw: Buffer; seen: boolean }[];
  /** Bytes of each mail given out. */
  fetched: number[];
  /** Commands it heard, without what followed them. */
  commands: string[];
  /** Asked at each command; true: the line is cut instead of an answer. */
  cut: (command: string) => boolean;
  close: () => Promise<void>;
}

/** A mail server that speaks just enough IMAP4rev1 (RFC 3501) for one reader of one mailbox on 127.0.0.1. */
export async function startImap(password = 'p@ss word'): Promise<ImapMailbox> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.setEncoding('latin1').write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    let heard = '';
    socket.on('data', (data) => {
      heard += String(data);
      for (let end = heard.indexOf('\r\n'); end >= 0; end = heard.indexOf('\r\n')) {
        const line = heard.slice(0, end);
        heard = heard.slice(end + 2);
        answer(socket, line);
      }
    });
  });
  const answer = (socket: Socket, line: string) => {
    const [tag, ...rest] = line.split(' ');
    const command = rest.join(' ').toUpperCase();
    const name = /^(UID )?\w+/.exec(command)?.[0] ?? '';
    box.commands.push(name);
    if (box.cut(name)) return void socket.destroy();
    const say = (...lines: string[]) => socket.write(`${[...lines, `${tag} OK done`].join('\r\n')}\r\n`);
    const uid = Number(/ (\d+) /.exec(command)?.[1]);
    const mail = box.mails[uid - 1];
    if (name === 'CAPABILITY') return say('* CAPABILITY IMAP4rev1');
    if (name === 'LOGIN' && !line.includes(`"${password}"`)) return socket.write(`${tag} NO wrong ${password}\r\n`);
    if (name === 'LIST') return say('* LIST (\\HasNoChildren) "/" "INBOX"');
    if (name === 'SELECT') return say('* FLAGS (\\Seen)', `* ${box.mails.length} EXISTS`, '* OK [UIDVALIDITY 1] x');
    if (name === 'UID SEARCH') {
      return say(`* SEARCH ${box.mails.flatMap(({ seen }, index) => (seen ? [] : [index + 1])).join(' ')}`.trim());
    }
    if (name === 'UID FETCH' && mail) {
      const most = Number(/<0\.(\d+)>/.exec(command)?.[1] ?? Infinity);
      const bytes = mail.raw.subarray(0, most);
      box.fetched.push(bytes.length);
      const origin = Number.isFinite(most) ? '<0>' : '';
      socket.write(`* ${uid} FETCH (UID ${uid} BODY[]${origin} {${bytes.length}}\r\n`);
      socket.write(bytes);
      return socket.write(`)\r\n${tag} OK done\r\n`);
    }
    if (name === 'UID STORE' && mail) mail.seen = true;
    say();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const box: ImapMailbox = {
    url: `imap://returns:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    mails: [],
    fetched: [],
    commands: [],
    cut: () => false,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return box;
}
