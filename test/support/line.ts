import { connect } from 'node:net';

/** Sends the requests over one connection, one after the other. @returns what came back, and whether the server ended it */
export const overOneLine = (port: number, requests: string[]) =>
  new Promise<{ answers: string[]; ended: boolean }>((resolve, reject) => {
    const answers: string[] = [];
    let read = '';
    const socket = connect(port, '127.0.0.1');
    const send = () => socket.write(requests[answers.length]!, 'latin1');
    const done = (ended: boolean) => {
      socket.destroy();
      resolve({ answers, ended });
    };
    socket.on('connect', send).on('error', reject);
    socket.on('end', () => done(true));
    socket.on('data', (bytes) => {
      read += bytes.toString('latin1');
      const head = read.indexOf('\r\n\r\n') + 4;
      const length = Number(/content-length: (\d+)/i.exec(read)?.[1]);
      if (head < 4 || read.length < head + length) return;
      answers.push(read);
      read = '';
      if (answers.length < requests.length) send();
      else setTimeout(() => done(false), 50);
    });
  });
