/** Mails that come back, as servers of many makes write them. Every address and host is made up. */
export const anna = 'anna@parliament.test';

const crlf = (lines: string[]) => Buffer.from(lines.join('\n').replaceAll(/\r?\n/g, '\r\n'));

export interface Parts {
  to?: string;
  from?: string;
  id?: string;
  headers?: string[];
  body?: string;
}

/** A mail with a head, as it reaches a return address. */
export const mailTo = ({
  to = 'returns@x.test',
  from = anna,
  id = 'm1@mx.test',
  headers = [],
  body = '',
}: Parts = {}) =>
  crlf([
    'Received: from mx.parliament.test by mx.countersign.test; Mon, 2 Mar 2026 10:00:00 +0000',
    `From: ${from}`,
    `To: ${to}`,
    'Subject: Re: Wetlands',
    'Date: Mon, 2 Mar 2026 10:00:00 +0000',
    `Message-ID: <${id}>`,
    ...headers,
    '',
    body,
  ]);

/** A multipart/report (RFC 3462) around a machine-readable part. */
export const reportTo = (
  type: string,
  part: string,
  { headers = [], from = 'MAILER-DAEMON@mx.parliament.test', ...more }: Parts = {},
) =>
  mailTo({
    from,
    headers: [
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=${type === 'message/delivery-status' ? 'delivery-status' : 'feedback-report'}; boundary="b1"`,
      ...headers,
    ],
    body: `--b1
Content-Type: text/plain; charset=utf-8

I am sorry to have to inform you about your mail.

--b1
Content-Type: ${type}

${part}

--b1
Content-Type: text/rfc822-headers

From: Olga <mail@countersign.test>
Subject: Wetlands

--b1--`,
    ...more,
  });

export const dsn = (fields: string, more: Parts = {}) => reportTo('message/delivery-status', fields, more);

export const postfixFailed = (recipient = anna) => `Reporting-MTA: dns; mx.parliament.test
X-Postfix-Queue-ID: 4A1B2C3D4E
Arrival-Date: Mon, 2 Mar 2026 09:59:58 +0000 (UTC)

Final-Recipient: rfc822; ${recipient}
Original-Recipient: rfc822;${recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; store.parliament.test
Diagnostic-Code: smtp; 550 5.1.1 <${recipient}>: Recipient address rejected:
    User unknown, ask help@parliament.test`;
