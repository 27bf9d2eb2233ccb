import { compileTemplate, MissingData, templateFaults, TemplateTooLarge } from '../src/letters/letter-engine.js';

const known = ['salutation', 'lawmaker.name', 'lawmaker.area', 'petition.count'];
const context = { salutation: 'Dear Anna Berg', lawmaker: { name: 'Anna Berg' } };
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
    ['an unknown placeholder', 'Hello\n\n{{ lawmaker.nmae }}', 'unknown-placeholder', 3, 'lawmaker.nmae'],
    [
      'one in a branch that is never taken',
      '{% if false %}\n{{ secret }}{% endif %}',
      'unknown-placeholder',
      2,
      'secret',
    ],
    ['one in a condition', '{% if settings.SMTP_URL %}x{% endif %}', 'unknown-placeholder', 1, 'settings.SMTP_URL'],
    ['a whole object', '{{ lawmaker }}', 'unknown-placeholder', 1, 'lawmaker'],
    ['the constructor', '{{ lawmaker.constructor }}', 'unknown-placeholder', 1, 'lawmaker.constructor'],
    ['the prototype', '{{ lawmaker.__proto__.polluted }}', 'unknown-placeholder', 1, 'lawmaker.__proto__.polluted'],
    ['a computed path', '{{ lawmaker[salutation] }}', 'unknown-placeholder', 1, 'lawmaker[salutation]'],
    ['a name that would hide a known one', '\n{% assign lawmaker = "x" %}', 'reserved-name', 2, 'lawmaker'],
    ['an unknown filter', '{{ lawmaker.name | json }}', 'template-syntax', 1, 'undefined filter: json'],
    ['the file-reading include', 'a\n{% include "/etc/passwd" %}', 'template-syntax', 2, 'tag "include" not found'],
    ['render', '{% render "x" %}', 'template-syntax', 1, 'tag "render" not found'],
    ['layout', '{% layout "layouts/console.liquid" %}', 'template-syntax', 1, 'tag "layout" not found'],
    ['a loop', '{% for i in (1..9) %}x{% endfor %}', 'template-syntax', 1, 'tag "for" not found'],
    ['a table loop', '{% tablerow i in (1..9) %}{% endtablerow %}', 'template-syntax', 1, 'tag "tablerow" not found'],
    ['capture', '{% capture x %}{% endcapture %}', 'template-syntax', 1, 'tag "capture" not found'],
    ['raw', '{% raw %}{{ x }}{% endraw %}', 'template-syntax', 1, 'tag "raw" not found'],
    ['the liquid tag', '{% liquid\n include "x" %}', 'template-syntax', 1, 'tag "liquid" not found'],
    ['an unclosed tag', 'x\n{% if lawmaker.name', 'template-syntax', 2, 'tag "{% if lawmaker.name" not closed'],
    ['an unclosed output', '{{ lawmaker.name', 'template-syntax', 1, 'output "{{ lawmaker.name" not closed'],
    ['a missing end', '{% if lawmaker.name %}x', 'template-syntax', 1, 'tag {% if lawmaker.name %} not closed'],
  ])('refuses %s with its line', (_, source, code, line, name) => {
    expect(templateFaults(source, known)).toEqual([{ code, line, name }]);
  });

  it('accepts what it can render', () => {
    expect(templateFaults('{{ salutation }} {{ lawmaker["name"] }} {% assign x = 1 %}{{ x }}', known)).toEqual([]);
  });

  it('refuses a text that is too long to parse', () => {
    expect(templateFaults(' '.repeat(20_001), known)[0]).toMatchObject({ code: 'template-syntax' });
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
    expect(templateFaults(doubling, known)).toEqual([{ code: 'template-too-large', line: 1, name: '' }]);
    expect(() => render('{{ (1..100000000) }}')).toThrow(TemplateTooLarge);
  });

  it('does not take data for a template', () => {
    expect(compileTemplate('{{ lawmaker.name }}')({ lawmaker: { name: '{{ salutation }}{% if' } })).toBe(
      '{{ salutation }}{% if',
    );
  });
});
