import { formatDate, formatNumber } from '../site/languages.js';

interface Wording {
  /** Stands in front of the campaign's text. `since`: the day of the last such mail; null: it is the first. */
  opening: (n: number, people: string, organisation: string, since: string | null) => string;
  ownWords: string;
  unnamed: string;
  alike: (n: number, others: string) => string;
  /** Those who agreed to be named and added no words; `others` are not named. */
  without: (names: string, n: number, others: string) => string;
  withoutNames: (n: number, others: string) => string;
  noRoom: (n: number, more: string) => string;
  /** Of the sample that staff see. */
  sampleWords: string;
  sampleName: string;
}

const wordings: Record<string, Wording> = {
  en: {
    opening: (n, people, organisation, since) =>
      `${n === 1 ? 'One more person whom you represent has' : `${people} people whom you represent have`} written to you through ${organisation}${since ? ` since our mail of ${since}` : ''}; ${n === 1 ? 'she or he' : 'each of them'} signed the petition and confirmed an e-mail address to us. To spare your mailbox we bring you everything in one mail, at most one a day. This is the letter:`,
    ownWords: 'In their own words:',
    unnamed: 'name not passed on',
    alike: (n, others) =>
      n === 1 ? 'One other wrote nearly the same words.' : `${others} others wrote nearly the same words.`,
    without: (names, n, others) =>
      `Without words of their own: ${names}${n > 0 ? `, and ${others} who ${n === 1 ? 'is' : 'are'} not named` : ''}.`,
    withoutNames: (n, others) =>
      `Without words of their own: ${others} ${n === 1 ? 'person who is' : 'people who are'} not named.`,
    noRoom: (n, more) =>
      n === 1 ? 'One more text found no room in this mail.' : `${more} more texts found no room in this mail.`,
    sampleWords: 'Here stand the own words of a supporter, if she agreed that we pass them on.',
    sampleName: 'Her name, if she agreed',
  },
  fa: {
    opening: (_, people, organisation, since) =>
      `${since ? `از نامهٔ ${since} ما تاکنون، ` : ''}${people} تن از کسانی که شما نماینده‌شان هستید از راه ${organisation} به شما نامه نوشته‌اند. هر یک دادخواست را امضا و نشانی رایانامهٔ خود را نزد ما تأیید کرده است. برای آنکه صندوق شما پر نشود، همه را در یک نامه می‌آوریم، حداکثر یک نامه در روز. متن نامه این است:`,
    ownWords: 'به زبان خودشان:',
    unnamed: 'بدون ذکر نام',
    alike: (_, others) => `${others} تن دیگر هم کم‌وبیش همین را نوشته‌اند.`,
    without: (names, n, others) =>
      `بدون نوشته‌ای از خود: ${names}${n > 0 ? ` و ${others} تن که نامشان نیامده است` : ''}.`,
    withoutNames: (_, others) => `بدون نوشته‌ای از خود: ${others} تن که نامشان نیامده است.`,
    noRoom: (_, more) => `${more} نوشتهٔ دیگر در این نامه جا نگرفت.`,
    sampleWords: 'در اینجا نوشتهٔ خود حامی می‌آید، اگر با فرستادن آن موافقت کرده باشد.',
    sampleName: 'نام او، اگر موافقت کرده باشد',
  },
  ar: {
    opening: (_, people, organisation, since) =>
      `عدد من كتبوا إليكم عبر ${organisation} ممن تمثلونهم${since ? ` منذ رسالتنا بتاريخ ${since}` : ''}: ${people}. وقّع كل منهم العريضة وأكد عنوان بريده لدينا. وحتى لا يمتلئ بريدكم نجمع كل شيء في رسالة واحدة، رسالة واحدة في اليوم على الأكثر. وهذا نص الرسالة:`,
    ownWords: 'بكلماتهم:',
    unnamed: 'دون ذكر الاسم',
    alike: (_, others) => `عدد من كتبوا كلمات تكاد تكون نفسها: ${others}.`,
    without: (names, n, others) => `دون كلمات خاصة: ${names}${n > 0 ? `، ومن لم تذكر أسماؤهم: ${others}` : ''}.`,
    withoutNames: (_, others) => `دون كلمات خاصة ودون ذكر الاسم: ${others}.`,
    noRoom: (_, more) => `نصوص أخرى لم تتسع لها هذه الرسالة: ${more}.`,
    sampleWords: 'هنا كلمات أحد المؤيدين إذا وافق على نقلها.',
    sampleName: 'اسمه إذا وافق',
  },
  fr: {
    opening: (n, people, organisation, since) =>
      `${n === 1 ? 'Une personne que vous représentez vous a écrit' : `${people} personnes que vous représentez vous ont écrit`} par l’intermédiaire de ${organisation}${since ? ` depuis notre message du ${since}` : ''} ; ${n === 1 ? 'elle a signé' : 'chacune a signé'} la pétition et confirmé son adresse électronique. Pour ménager votre boîte, nous réunissons tout en un seul message, un par jour au plus. Voici la lettre :`,
    ownWords: 'Avec leurs propres mots :',
    unnamed: 'nom non transmis',
    alike: (n, others) =>
      n === 1
        ? 'Une autre personne a écrit presque les mêmes mots.'
        : `${others} autres personnes ont écrit presque les mêmes mots.`,
    without: (names, n, others) =>
      `Sans mots personnels : ${names}${n > 0 ? `, et ${others} ${n === 1 ? 'personne non nommée' : 'personnes non nommées'}` : ''}.`,
    withoutNames: (n, others) =>
      `Sans mots personnels : ${others} ${n === 1 ? 'personne non nommée' : 'personnes non nommées'}.`,
    noRoom: (n, more) =>
      n === 1
        ? 'Un autre texte n’a pas trouvé place dans ce message.'
        : `${more} autres textes n’ont pas trouvé place dans ce message.`,
    sampleWords: 'Ici figurent les mots d’une personne, si elle accepte que nous les transmettions.',
    sampleName: 'Son nom, si elle l’accepte',
  },
  de: {
    opening: (n, people, organisation, since) =>
      `${since ? `Seit unserer Mail vom ${since}` : 'Bisher'} ${n === 1 ? 'hat Ihnen eine Person, die Sie vertreten,' : `haben Ihnen ${people} Personen, die Sie vertreten,`} über ${organisation} geschrieben; ${n === 1 ? 'sie hat' : 'alle haben'} die Petition unterschrieben und uns die E-Mail-Adresse bestätigt. Um Ihr Postfach zu schonen, bringen wir alles in einer Mail, höchstens einer am Tag. Das ist der Brief:`,
    ownWords: 'In ihren eigenen Worten:',
    unnamed: 'Name nicht weitergegeben',
    alike: (n, others) =>
      n === 1
        ? 'Eine weitere Person schrieb fast dieselben Worte.'
        : `${others} weitere schrieben fast dieselben Worte.`,
    without: (names, n, others) =>
      `Ohne eigene Worte: ${names}${n > 0 ? ` und ${others} ${n === 1 ? 'nicht genannte Person' : 'nicht genannte Personen'}` : ''}.`,
    withoutNames: (n, others) =>
      `Ohne eigene Worte: ${others} ${n === 1 ? 'nicht genannte Person' : 'nicht genannte Personen'}.`,
    noRoom: (n, more) =>
      n === 1
        ? 'Ein weiterer Text fand in dieser Mail keinen Platz.'
        : `${more} weitere Texte fanden in dieser Mail keinen Platz.`,
    sampleWords: 'Hier stehen die eigenen Worte einer Person, wenn sie der Weitergabe zugestimmt hat.',
    sampleName: 'Ihr Name, wenn sie zugestimmt hat',
  },
  es: {
    opening: (n, people, organisation, since) =>
      `${n === 1 ? 'Una persona a la que representa le ha escrito' : `${people} personas a las que representa le han escrito`} a través de ${organisation}${since ? ` desde nuestro mensaje del ${since}` : ''}; ${n === 1 ? 'firmó' : 'cada una firmó'} la petición y nos confirmó su dirección de correo. Para no llenar su buzón lo reunimos todo en un solo mensaje, como máximo uno al día. Esta es la carta:`,
    ownWords: 'Con sus propias palabras:',
    unnamed: 'nombre no comunicado',
    alike: (n, others) =>
      n === 1 ? 'Otra persona escribió casi lo mismo.' : `Otras ${others} personas escribieron casi lo mismo.`,
    without: (names, n, others) =>
      `Sin palabras propias: ${names}${n > 0 ? ` y ${others} ${n === 1 ? 'persona' : 'personas'} sin nombrar` : ''}.`,
    withoutNames: (n, others) => `Sin palabras propias: ${others} ${n === 1 ? 'persona' : 'personas'} sin nombrar.`,
    noRoom: (n, more) =>
      n === 1 ? 'Otro texto no cupo en este mensaje.' : `Otros ${more} textos no cupieron en este mensaje.`,
    sampleWords: 'Aquí figuran las palabras de una persona, si está de acuerdo en que las transmitamos.',
    sampleName: 'Su nombre, si está de acuerdo',
  },
  it: {
    opening: (n, people, organisation, since) =>
      `${n === 1 ? 'Una persona che Lei rappresenta Le ha scritto' : `${people} persone che Lei rappresenta Le hanno scritto`} tramite ${organisation}${since ? ` dopo il nostro messaggio del ${since}` : ''}; ${n === 1 ? 'ha firmato' : 'ciascuna ha firmato'} la petizione e ci ha confermato il proprio indirizzo e-mail. Per non riempire la Sua casella riuniamo tutto in un solo messaggio, al massimo uno al giorno. Questa è la lettera:`,
    ownWords: 'Con parole loro:',
    unnamed: 'nome non comunicato',
    alike: (n, others) =>
      n === 1
        ? 'Un’altra persona ha scritto quasi le stesse parole.'
        : `Altre ${others} persone hanno scritto quasi le stesse parole.`,
    without: (names, n, others) =>
      `Senza parole proprie: ${names}${n > 0 ? ` e ${others} ${n === 1 ? 'persona non nominata' : 'persone non nominate'}` : ''}.`,
    withoutNames: (n, others) =>
      `Senza parole proprie: ${others} ${n === 1 ? 'persona non nominata' : 'persone non nominate'}.`,
    noRoom: (n, more) =>
      n === 1
        ? 'Un altro testo non ha trovato posto in questo messaggio.'
        : `Altri ${more} testi non hanno trovato posto in questo messaggio.`,
    sampleWords: 'Qui stanno le parole di una persona, se ha accettato che le trasmettiamo.',
    sampleName: 'Il suo nome, se ha accettato',
  },
};

/** The sentences of a digest in the language of its letter, with numbers and days as that language writes them; else English. */
export function digestWords(locale: string) {
  const language = locale.split('-')[0]!.toLowerCase();
  const spoken = wordings[language] ? locale : 'en';
  const wording = wordings[language] ?? wordings.en!;
  const number = (n: number) => formatNumber(spoken, n);
  return {
    ...wording,
    number,
    opening: (n: number, organisation: string, since: string | null) =>
      wording.opening(n, number(n), organisation, since && formatDate(spoken, new Date(since))),
    alike: (n: number) => wording.alike(n, number(n)),
    noRoom: (n: number) => wording.noRoom(n, number(n)),
    without: (names: string[], n: number) =>
      names.length > 0
        ? wording.without(new Intl.ListFormat(spoken, { type: 'unit' }).format(names), n, number(n))
        : wording.withoutNames(n, number(n)),
  };
}
