import { formatDate, formatNumber } from '../site/languages.js';

export interface FooterFacts {
  senderName: string;
  organisation: string;
  replyTo: string;
  organisationAddress?: string;
  /** The lawmaker's legislature, as its own name for itself. */
  legislature: string | null;
  petition: { title: string; count: number; countedAt: Date; url: string } | null;
  /** Where this office stops all further letters by itself; null where others than the office read along. */
  objectionUrl: string | null;
}

/** A number as it is written, and whether it is one. */
interface Count {
  written: string;
  one: boolean;
}

interface Wording {
  sent: (organisation: string, sender: string) => string;
  /** A supporter writes, and the organisation hands it on. */
  written: (organisation: string, sender: string) => string;
  why: (legislature: string) => string;
  whyUnknown: string;
  object: (address: string) => string;
  /** The same where an answer goes to the supporter. */
  objectThere: (address: string) => string;
  /** Stands above a supporter's own words. */
  ownWords: string;
  /** The link stands last on its line: what follows one is read as a part of it. */
  stop: (url: string) => string;
  check: (title: string, count: Count, date: string, url: string) => string;
  /** While nobody has signed yet. */
  read: (title: string, url: string) => string;
}

const wordings: Record<string, Wording> = {
  en: {
    sent: (organisation, sender) => `Sent by ${organisation}. Responsible: ${sender}.`,
    written: (organisation, sender) =>
      `Written by ${sender}, who confirmed this address to us, and handed on by ${organisation}.`,
    objectThere: (address) => `If you want no further letters through us, write to ${address}: we will stop.`,
    ownWords: 'In my own words:',
    why: (legislature) =>
      `You receive this letter as a member of ${legislature}, at the address published for that office.`,
    whyUnknown: 'You receive this letter as a holder of public office, at the address published for that office.',
    object: (address) =>
      `If you want no further letters from us, answer this one or write to ${address}: we will stop.`,
    stop: (url) => `To stop them yourself, at once, open this link: ${url}`,
    check: (title, count, date, url) =>
      `The petition "${title}" had ${count.written} confirmed ${count.one ? 'signature' : 'signatures'} on ${date}. Read it and check the count: ${url}`,
    read: (title, url) => `Read the petition "${title}" and check its count: ${url}`,
  },
  fa: {
    sent: (organisation, sender) => `فرستنده: ${organisation}. مسئول: ${sender}.`,
    written: (organisation, sender) =>
      `نویسنده: ${sender} که نشانی خود را نزد ما تأیید کرده است. ارسال از راه ${organisation}.`,
    objectThere: (address) =>
      `اگر نمی‌خواهید نامهٔ دیگری از راه ما دریافت کنید، به ${address} بنویسید؛ دیگر نامه‌ای نمی‌فرستیم.`,
    ownWords: 'به زبان خودم:',
    why: (legislature) =>
      `این نامه به عنوان عضو ${legislature} و به نشانی رسمی اعلام‌شدهٔ این سمت برای شما فرستاده شده است.`,
    whyUnknown: 'این نامه به عنوان صاحب سمت عمومی و به نشانی رسمی اعلام‌شدهٔ آن برای شما فرستاده شده است.',
    object: (address) =>
      `اگر نمی‌خواهید نامهٔ دیگری از ما دریافت کنید، به همین نامه پاسخ دهید یا به ${address} بنویسید؛ دیگر نامه‌ای نمی‌فرستیم.`,
    stop: (url) => `برای متوقف کردن فوری نامه‌ها این پیوند را باز کنید: ${url}`,
    check: (title, count, date, url) =>
      `دادخواست «${title}» در ${date} دارای ${count.written} امضای تأییدشده بود. متن و راه بررسی شمارش: ${url}`,
    read: (title, url) => `متن دادخواست «${title}» و راه بررسی شمارش آن: ${url}`,
  },
  ar: {
    sent: (organisation, sender) => `المرسل: ${organisation}. المسؤول: ${sender}.`,
    written: (organisation, sender) => `كتبها ${sender} بعد تأكيد عنوانه لدينا، وأرسلت عبر ${organisation}.`,
    objectThere: (address) => `إذا كنتم لا ترغبون في تلقي رسائل أخرى عبرنا، فاكتبوا إلى ${address} وسنتوقف.`,
    ownWords: 'بكلماتي:',
    why: (legislature) => `تتلقون هذه الرسالة بصفتكم عضوًا في ${legislature}، على العنوان المنشور لهذا المنصب.`,
    whyUnknown: 'تتلقون هذه الرسالة بصفتكم شاغلين لمنصب عام، على العنوان المنشور له.',
    object: (address) =>
      `إذا كنتم لا ترغبون في تلقي رسائل أخرى منا، فأجيبوا على هذه الرسالة أو اكتبوا إلى ${address} وسنتوقف.`,
    stop: (url) => `لإيقافها بأنفسكم فورًا، افتحوا هذا الرابط: ${url}`,
    check: (title, count, date, url) =>
      `بلغ عدد التوقيعات المؤكدة على العريضة «${title}» ${count.written} في ${date}. النص وطريقة التحقق من العدد: ${url}`,
    read: (title, url) => `نص العريضة «${title}» وطريقة التحقق من العدد: ${url}`,
  },
  fr: {
    sent: (organisation, sender) => `Envoyé par ${organisation}. Responsable : ${sender}.`,
    written: (organisation, sender) =>
      `Écrit par ${sender}, dont nous avons vérifié l’adresse, et transmis par ${organisation}.`,
    objectThere: (address) =>
      `Si vous ne souhaitez plus recevoir de lettres par notre intermédiaire, écrivez à ${address} : nous cesserons.`,
    ownWords: 'Avec mes propres mots :',
    why: (legislature) =>
      `Vous recevez cette lettre en qualité de membre de l’assemblée « ${legislature} », à l’adresse publiée pour ce mandat.`,
    whyUnknown: 'Vous recevez cette lettre en raison de votre fonction publique, à l’adresse publiée pour celle-ci.',
    object: (address) =>
      `Si vous ne souhaitez plus recevoir de lettres de notre part, répondez à celle-ci ou écrivez à ${address} : nous cesserons.`,
    stop: (url) => `Pour y mettre fin vous-même, immédiatement, ouvrez ce lien : ${url}`,
    check: (title, count, date, url) =>
      `La pétition « ${title} » comptait ${count.written} ${count.one ? 'signature confirmée' : 'signatures confirmées'} le ${date}. Texte et vérification du décompte : ${url}`,
    read: (title, url) => `Texte de la pétition « ${title} » et vérification du décompte : ${url}`,
  },
  de: {
    sent: (organisation, sender) => `Gesendet von: ${organisation}. Verantwortlich: ${sender}.`,
    written: (organisation, sender) =>
      `Geschrieben von ${sender} (Adresse bei uns bestätigt), übermittelt durch ${organisation}.`,
    objectThere: (address) =>
      `Wenn Sie keine weiteren Briefe über uns wünschen, schreiben Sie an ${address}: Wir hören dann auf.`,
    ownWords: 'In meinen eigenen Worten:',
    why: (legislature) =>
      `Sie erhalten diesen Brief als Mitglied des Parlaments „${legislature}“ unter der für dieses Amt veröffentlichten Adresse.`,
    whyUnknown: 'Sie erhalten diesen Brief wegen Ihres öffentlichen Amtes unter der dafür veröffentlichten Adresse.',
    object: (address) =>
      `Wenn Sie keine weiteren Briefe von uns wünschen, antworten Sie auf diesen oder schreiben Sie an ${address}: Wir hören dann auf.`,
    stop: (url) => `Um sie selbst und sofort zu beenden, öffnen Sie diesen Link: ${url}`,
    check: (title, count, date, url) =>
      `Die Petition „${title}“ hatte am ${date} ${count.written} bestätigte ${count.one ? 'Unterschrift' : 'Unterschriften'}. Text und Prüfung der Zählung: ${url}`,
    read: (title, url) => `Text der Petition „${title}“ und Prüfung der Zählung: ${url}`,
  },
  es: {
    sent: (organisation, sender) => `Enviado por ${organisation}. Responsable: ${sender}.`,
    written: (organisation, sender) =>
      `Escrito por ${sender}, cuya dirección hemos confirmado, y transmitido por ${organisation}.`,
    objectThere: (address) =>
      `Si no desea recibir más cartas a través de nosotros, escriba a ${address} y dejaremos de hacerlo.`,
    ownWords: 'Con mis propias palabras:',
    why: (legislature) =>
      `Recibe esta carta como miembro de la asamblea «${legislature}», en la dirección publicada para ese cargo.`,
    whyUnknown: 'Recibe esta carta por su cargo público, en la dirección publicada para ese cargo.',
    object: (address) =>
      `Si no desea recibir más cartas nuestras, responda a esta o escriba a ${address} y dejaremos de hacerlo.`,
    stop: (url) => `Para detenerlas usted mismo, de inmediato, abra este enlace: ${url}`,
    check: (title, count, date, url) =>
      `La petición «${title}» tenía ${count.written} ${count.one ? 'firma confirmada' : 'firmas confirmadas'} el ${date}. Texto y comprobación del recuento: ${url}`,
    read: (title, url) => `Texto de la petición «${title}» y comprobación del recuento: ${url}`,
  },
  it: {
    sent: (organisation, sender) => `Inviato da ${organisation}. Responsabile: ${sender}.`,
    written: (organisation, sender) =>
      `Scritto da ${sender}, che ci ha confermato il proprio indirizzo, e trasmesso da ${organisation}.`,
    objectThere: (address) => `Se non desidera ricevere altre lettere tramite noi, scriva a ${address}: smetteremo.`,
    ownWords: 'Con parole mie:',
    why: (legislature) =>
      `Riceve questa lettera come membro dell’assemblea «${legislature}», all’indirizzo pubblicato per tale carica.`,
    whyUnknown: 'Riceve questa lettera per la Sua carica pubblica, all’indirizzo pubblicato per tale carica.',
    object: (address) =>
      `Se non desidera ricevere altre nostre lettere, risponda a questa o scriva a ${address}: smetteremo.`,
    stop: (url) => `Per interromperle subito, apra questo collegamento: ${url}`,
    check: (title, count, date, url) =>
      `La petizione «${title}» aveva ${count.written} ${count.one ? 'firma confermata' : 'firme confermate'} il ${date}. Testo e verifica del conteggio: ${url}`,
    read: (title, url) => `Testo della petizione «${title}» e verifica del conteggio: ${url}`,
  },
};

/** What stands above a supporter's own words, so that nobody takes them for the campaign's. */
export const ownWordsHeading = (locale: string): string =>
  (wordings[locale.split('-')[0]!.toLowerCase()] ?? wordings.en!).ownWords;

/** Who sends this, why you, how to object, how to check the count. In English where we have no words of the language. */
export function letterFooter(locale: string, facts: FooterFacts): string {
  const language = locale.split('-')[0]!.toLowerCase();
  const spoken = wordings[language] ? locale : 'en';
  const wording = wordings[language] ?? wordings.en!;
  const lines = [
    (facts.organisationAddress ? wording.written : wording.sent)(facts.organisation, facts.senderName),
    facts.legislature ? wording.why(facts.legislature) : wording.whyUnknown,
    // No link in a supporter's letter: she sees it, and answers to her quote it, so it would not be the office's alone.
    ...(facts.organisationAddress
      ? [wording.objectThere(facts.organisationAddress)]
      : [wording.object(facts.replyTo), ...(facts.objectionUrl ? [wording.stop(facts.objectionUrl)] : [])]),
  ];
  if (facts.petition) {
    const { title, count, countedAt, url } = facts.petition;
    const written = { written: formatNumber(spoken, count), one: count === 1 };
    lines.push(
      count > 0 ? wording.check(title, written, formatDate(spoken, countedAt), url) : wording.read(title, url),
    );
  }
  return lines.join('\n');
}
