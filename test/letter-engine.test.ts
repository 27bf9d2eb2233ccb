import { compileTemplate, MissingData, templateFaults, TemplateTooLarge } from '../src/letters/letter-engine.js';

const known = ['salutation', 'lawmaker.name', 'lawmaker.area', 'petition.count'];
const context = { salutation: 'Dear Anna Berg', lawmaker: { name: 'Anna Berg' } };
const tooLarge = { code: 'template-too-large', line: null, column: null, name: '' };
const render = (source: string) => compileTemplate(source)(context);

describe('the letter engine', () => {
  it('fills placeholders and chooses between words', () => {
    expect(render('{{ salutation }},\n{% if lawmaker.area %}{{ lawmaker.area }}{% else %}here{% endif %}')).toBe(
      'Dear Anna Berg,\nhere',
    );
    expect(render('{% assign who = lawmaker.name | upcase %}{{ who }}')).toBe('ANNA BERG');
    expect(render('{{ lawmaker.area | default: "your district" }}')).toBe('your district');
    expect(render('{% case lawmaker.name %}{% when "Anna Berg" %}yes{% else %}no{% endcase %}')).toBe('yes');
    expect(render('{% unless lawmaker.area %}a{% endunless %}{% comment %}b{% endcomment %}')).toBe('a');
  });

  it('names the placeholder a lawmaker has no value for', () => {
    expect(() => render('In {{ lawmaker.area }}')).toThrow(new MissingData('lawmaker.area'));
    expect(() => render('{{ petition.count }}')).toThrow(MissingData);
  });

  it.each([
    ['an unknown placeholder', 'Hello\n\n{{ lawmaker.nmae }}', 'unknown-placeholder', 3, 4, 'lawmaker.nmae'],
    [
      'one in a branch that is never taken',
      '{% if false %}\n{{ secret }}{% endif %}',
      'unknown-placeholder',
      2,
      4,
      'secret',
    ],
    ['one in a condition', '{% if settings.SMTP_URL %}x{% endif %}', 'unknown-placeholder', 1, 7, 'settings.SMTP_URL'],
    ['a whole object', '{{ lawmaker }}', 'unknown-placeholder', 1, 4, 'lawmaker'],
    ['the constructor', '{{ lawmaker.constructor }}', 'unknown-placeholder', 1, 4, 'lawmaker.constructor'],
    ['the prototype', '{{ lawmaker.__proto__.polluted }}', 'unknown-placeholder', 1, 4, 'lawmaker.__proto__.polluted'],
    ['a computed path', '{{ lawmaker[salutation] }}', 'unknown-placeholder', 1, 4, 'lawmaker[salutation]'],
    ['a name that would hide a known one', '\n{% assign lawmaker = "x" %}', 'reserved-name', 2, 11, 'lawmaker'],
    ['an unknown filter', 'x {{ lawmaker.name | json }}', 'unknown-filter', 1, 3, 'json'],
    ['one in a tag', '{% assign x = "a" | upcse %}', 'unknown-filter', 1, 1, 'upcse'],
    ['the file-reading include', 'a\n{% include "/etc/passwd" %}', 'unknown-tag', 2, 1, 'include'],
    ['render', '{% render "x" %}', 'unknown-tag', 1, 1, 'render'],
    ['layout', '{% layout "layouts/console.liquid" %}', 'unknown-tag', 1, 1, 'layout'],
    ['a loop', '{% for i in (1..9) %}x{% endfor %}', 'unknown-tag', 1, 1, 'for'],
    ['a table loop', '{% tablerow i in (1..9) %}{% endtablerow %}', 'unknown-tag', 1, 1, 'tablerow'],
    ['capture', '{% capture x %}{% endcapture %}', 'unknown-tag', 1, 1, 'capture'],
    ['raw', '{% raw %}{{ x }}{% endraw %}', 'unknown-tag', 1, 1, 'raw'],
    ['the liquid tag', '{% liquid\n include "x" %}', 'unknown-tag', 1, 1, 'liquid'],
    ['an end without a beginning', 'x\n {% endif %}', 'stray-tag', 2, 2, 'endif'],
    ['a choice without a question', 'x{% else %}', 'stray-tag', 1, 2, 'else'],
    ['the end of another tag', '{% if salutation %}{% endunless %}', 'stray-tag', 1, 20, 'endunless'],
    ['an unclosed tag', 'x\n {% if lawmaker.name', 'unclosed-tag', 2, 2, '%}'],
    ['an unclosed output', '{{ lawmaker.name', 'unclosed-tag', 1, 1, '}}'],
    ['a quotation that swallows the rest', '{{ lawmaker.area | default: "x }}', 'unclosed-tag', 1, 1, '}}'],
    ['a missing end', '{% if lawmaker.name %}x', 'unclosed-tag', 1, 1, 'endif'],
    ['one of a tag in lines', '{%- case\nlawmaker.name -%}x', 'unclosed-tag', 1, 1, 'endcase'],
    ['an empty condition', '{% if %}x{% endif %}', 'template-syntax', 1, 6, ''],
    ['an empty output', '{{ }}', 'template-syntax', 1, 4, ''],
    ['a tag without a name', '{% %}', 'template-syntax', 1, 4, ''],
    ['a filter that lacks its words', '{{ salutation | append }}', 'template-syntax', 1, 1, ''],
    ['a second else', '{% if salutation %}{% else %}{% else %}{% endif %}', 'template-syntax', 1, 1, ''],
  ])('refuses %s with its place', (_, source, code, line, column, name) => {
    expect(templateFaults(source, known)).toEqual([{ code, line, column, name }]);
  });

  it('accepts what it can render', () => {
    expect(templateFaults('{{ salutation }} {{ lawmaker["name"] }} {% assign x = 1 %}{{ x }}', known)).toEqual([]);
  });

  it('refuses a text that is too long to parse', () => {
    expect(templateFaults(' '.repeat(20_001), known)).toEqual([tooLarge]);
  });

  it('follows no prototype at rendering either', () => {
    for (const path of [
      'lawmaker.toString',
      'constructor.constructor',
      'lawmaker.__proto__',
      'lawmaker.name.constructor',
    ]) {
      expect(() => render(`{{ ${path} }}`)).toThrow(MissingData);
    }
  });

  it('stops a text that grows without end', () => {
    const doubling = `{% assign a = "xxxxxxxxxx" %}${'{% assign a = a | append: a %}'.repeat(40)}{{ a }}`;
    expect(() => render(doubling)).toThrow(TemplateTooLarge);
    expect(templateFaults(doubling, known)).toEqual([tooLarge]);
    expect(() => render('{{ (1..100000000) }}')).toThrow(TemplateTooLarge);
  });

  it('does not take data for a template', () => {
    expect(compileTemplate('{{ lawmaker.name }}')({ lawmaker: { name: '{{ salutation }}{% if' } })).toBe(
      '{{ salutation }}{% if',
    );
  });
});
