"""What clubs call their columns, in eight languages. The one list of synonyms.

English, Persian, Arabic, Russian, Portuguese, Spanish, German, French. Phrases are compared folded and
without spaces, so case, accents, underscores and letter twins make no difference. The first phrase of a
column is the surest: where two headings want the same column, the earlier phrase has it.
"""

from collections.abc import Mapping

from clubcrm.exchange.states import Kind

GENERAL: Mapping[str, str] = {
    "external_id": """
        external id | member id | client id | customer id | member number | membership number
        | member no
        | member code | client number | client code | customer number | customer code | person id
        | user id
        | contact id | id | no | number | nr
        | کد عضویت | شماره عضویت | کد عضو | شماره عضو | کد مشتری | شماره پرونده | کد کاربری
        | شناسه | ردیف عضو
        | رقم العضوية | رقم العضو | رقم العميل | كود العضو | كود العميل | المعرف
        | номер клиента | код клиента | id клиента | номер члена клуба | номер договора
        | табельный номер
        | идентификатор | код
        | número de sócio | nº sócio | n.º de sócio | nr socio | código cliente | código do sócio
        | id cliente
        | numero de aluno | matrícula | código
        | número de socio | número de cliente | código de socio | id socio | id de cliente
        | mitgliedsnummer | mitglied nr | mitgliedsnr | kundennummer | kundennr | mitglieds id
        | kunden id | mitglieds nr | kunden nr
        | numéro de membre | numéro d'adhérent | n° adhérent | numéro client | identifiant
        | code client
    """,
    "full_name": """
        full name | name | member name | client name | customer name | customer | client
        | member full name
        | person | first and last name | name and surname | display name
        | نام و نام خانوادگی | نام کامل | نام عضو | نام مشتری | نام نام خانوادگی | مشخصات عضو
        | الاسم الكامل | الاسم | اسم العضو | اسم العميل | اسم المشترك
        | фио | ф.и.о. | полное имя | имя и фамилия | фамилия имя отчество | фамилия имя | клиент
        | фио клиента
        | nome completo | nome | nome do sócio | nome do cliente | cliente | sócio | aluno
        | nombre completo | nombre y apellidos | nombre del socio | nombre del cliente | socio
        | vollständiger name | vor- und nachname | name des mitglieds | mitglied | kunde
        | nom complet | nom et prénom | prénom et nom | nom du membre | nom de l'adhérent
        | adhérent | nom
    """,
    "first_name": """
        first name | given name | forename | fname | member first name | customer first name
        | نام | نام کوچک | اسم
        | الاسم الأول | الاسم الشخصي
        | имя
        | primeiro nome | nome próprio
        | nombre | primer nombre
        | vorname | rufname
        | prénom
    """,
    "last_name": """
        last name | surname | family name | lname | second name | member last name
        | customer last name
        | نام خانوادگی | فامیل | فامیلی | شهرت
        | اسم العائلة | اللقب | الكنية | اسم الأب والعائلة
        | фамилия
        | apelido | sobrenome | último nome
        | apellido | apellidos | primer apellido
        | nachname | familienname | zuname
        | nom de famille | nom
    """,
    "phone": """
        mobile phone | mobile | mobile number | cell phone | cell | cellphone | phone
        | phone number | phone no
        | telephone | telephone number | tel | contact number | contact phone | customer phone
        | whatsapp
        | home phone | phone 1 | msisdn
        | موبایل | شماره موبایل | تلفن همراه | شماره همراه | همراه | شماره تماس | تلفن
        | تلفن تماس | شماره تلفن
        | رقم الجوال | الجوال | رقم الهاتف | الهاتف | رقم الموبايل | الموبايل | هاتف | جوال
        | موبايل | التلفون
        | мобильный телефон | мобильный | телефон | номер телефона | контактный телефон
        | моб. телефон | сотовый
        | telemóvel | telemovel | celular | telefone | contacto telefónico | nº de telefone
        | contacto
        | móvil | teléfono móvil | teléfono | número de teléfono | número de móvil | tel móvil
        | handy | handynummer | mobilnummer | mobiltelefon | telefon | telefonnummer | rufnummer
        | téléphone portable | portable | mobile tel | téléphone | numéro de téléphone | gsm
    """,
    "email": """
        email | e-mail | email address | e-mail address | mail | customer email | client email
        | member email
        | contact email
        | ایمیل | پست الکترونیک | پست الکترونیکی | آدرس ایمیل | رایانامه
        | البريد الإلكتروني | البريد الالكتروني | الإيميل | ايميل | بريد إلكتروني
        | электронная почта | эл. почта | почта | емейл | имейл | адрес электронной почты
        | e-mail адрес
        | correio eletrónico | correio electrónico | endereço de e-mail | email do sócio
        | correo electrónico | correo | dirección de correo | dirección de correo electrónico
        | e-mail-adresse | mailadresse
        | adresse e-mail | courriel | adresse mail | adresse électronique | mél
    """,
    "birth_date": """
        birth date | date of birth | dob | birthday | birthdate | born | born on
        | تاریخ تولد | تولد | ت تولد
        | تاريخ الميلاد | الميلاد | تاريخ الولادة
        | дата рождения | день рождения | д.р. | др | дата рожд
        | data de nascimento | nascimento | data nascimento | dt nascimento | data nasc
        | aniversário
        | fecha de nacimiento | nacimiento | fecha nacimiento | cumpleaños | f nacimiento
        | geburtsdatum | geburtstag | geb. datum | geb | geboren am
        | date de naissance | naissance | né(e) le | anniversaire
    """,
    "gender": """
        gender | sex
        | جنسیت | جنس
        | الجنس | النوع | جنس العضو
        | пол
        | género | genero | sexo
        | sexe | genre
        | geschlecht
    """,
    "national_id": """
        national id | national code | identity number | id number | id card | passport number
        | tax id | ssn
        | personal number | national identity number
        | کد ملی | شماره ملی | کدملی
        | الرقم الوطني | رقم الهوية | الهوية الوطنية | الرقم القومي
        | паспорт | номер паспорта | инн | снилс
        | nif | número de contribuinte | contribuinte | cpf | número de identificação
        | cartão de cidadão
        | dni | nie | documento | documento de identidad | nº documento
        | ausweisnummer | personalausweis | personalausweisnummer | steuernummer
        | numéro national | carte d'identité | numéro de carte d'identité
    """,
    "address": """
        address | street | street address | home address | address line 1 | address 1
        | address line 2
        | address 2 | postal address | mailing address
        | آدرس | نشانی | آدرس منزل
        | العنوان | عنوان السكن
        | адрес | улица | адрес проживания | домашний адрес
        | morada | endereço | rua
        | dirección | domicilio | calle
        | adresse | anschrift | straße | strasse | straße und hausnummer
        | adresse postale | rue
    """,
    "city": """
        city | town | city town | town city | locality
        | شهر | نام شهر
        | المدينة | مدينة
        | город | населенный пункт
        | cidade | localidade | concelho
        | ciudad | población | municipio
        | stadt | ort | wohnort
        | ville | commune
    """,
    "postcode": """
        postcode | post code | postal code | zip | zip code | zipcode
        | کد پستی | کدپستی
        | الرمز البريدي
        | индекс | почтовый индекс
        | código postal | cep | cód postal
        | cp | c.p.
        | plz | postleitzahl
        | code postal
    """,
    "emergency_contact": """
        emergency contact | emergency contact name | emergency contact phone
        | emergency contact telephone
        | emergency contact first name | emergency contact last name | emergency phone
        | emergency name
        | in case of emergency | emergency contact number | ice contact | next of kin
        | تماس اضطراری | شماره تماس اضطراری | شماره اضطراری
        | جهة اتصال الطوارئ | رقم الطوارئ | الاتصال في حالات الطوارئ
        | экстренный контакт | контакт для экстренной связи | контактное лицо
        | contacto de emergência | contato de emergência | telefone de emergência
        | contacto de emergencia | teléfono de emergencia
        | notfallkontakt | notfallnummer
        | contact d'urgence | personne à prévenir | numéro d'urgence
    """,
    "guardian": """
        guardian | parent | parent name | guardian name | guardian email | guardian phone
        | mother | father
        | parent guardian | legal guardian
        | ولی | نام ولی | والدین | سرپرست
        | ولي الأمر | اسم ولي الأمر
        | родитель | законный представитель | опекун | родители
        | encarregado de educação | responsável | tutor legal
        | tutor | padre o tutor | responsable legal
        | erziehungsberechtigter | erziehungsberechtigte | eltern | vormund
        | représentant légal | parents | tuteur
    """,
    "payer": """
        payer | paid by | billing contact | bill to | payer name
        | پرداخت کننده
        | الدافع
        | плательщик
        | pagador | titular
        | quien paga
        | zahler | beitragszahler
        | payeur
    """,
    "trainer": """
        trainer | coach | instructor | personal trainer | staff | responsible trainer
        | مربی | نام مربی
        | المدرب | اسم المدرب
        | тренер | персональный тренер | инструктор
        | treinador | instrutor | professor | técnico
        | entrenador | monitor | instructora
        | übungsleiter
        | entraîneur | coach sportif
    """,
    "joined_on": """
        joined on | join date | joined | date joined | registered on | registration date
        | registered
        | member since | customer since | client since | sign up date | signup date | enrolment date
        | created on | created at | creation date | date added | since
        | تاریخ عضویت | تاریخ ثبت نام | تاریخ ثبت‌نام | تاریخ پیوستن
        | تاريخ التسجيل | تاريخ الانضمام | تاريخ الاشتراك الأول
        | дата вступления | дата регистрации | член клуба с | дата создания
        | data de inscrição | data de adesão | inscrito em | sócio desde | data inscrição
        | data de registo
        | fecha de alta | fecha de inscripción | fecha de registro | socio desde | alta
        | eintrittsdatum | mitglied seit | eintritt | beitrittsdatum | registriert am
        | aufnahmedatum
        | date d'inscription | date d'adhésion | inscrit le | membre depuis | date de création
    """,
    "card_code": """
        card code | card number | card no | card | barcode | bar code | key tag | keytag | fob
        | key fob
        | fob number
        | rfid | tag id | access card | access code | badge | qr code | card id
        | شماره کارت | کد کارت | کارت | بارکد
        | رقم البطاقة | البطاقة | الباركود
        | номер карты | карта | штрих-код | штрихкод | код карты
        | cartão | número do cartão | código de barras | nº cartão
        | tarjeta | número de tarjeta | código de barra | nº tarjeta
        | kartennummer | karte | chipnummer | transponder | zutrittskarte
        | carte | numéro de carte | code barre | code-barres
    """,
    "club": """
        club | club code | branch | location | home location | home club | site | gym | studio
        | facility
        | باشگاه | شعبه | نام باشگاه
        | النادي | الفرع
        | клуб | филиал
        | clube | ginásio | unidade
        | sede | gimnasio | centro
        | filiale | standort | verein
        | salle | centre | établissement
    """,
    "tags": """
        tags | tag | labels | label | groups | group | segments | category | categories
        | برچسب | برچسب ها | گروه | دسته
        | الوسوم | المجموعة | التصنيف
        | метки | теги | группа | категория
        | etiquetas | grupo | categoria
        | etiqueta | categoría | grupos
        | schlagworte | schlagwörter | gruppe | kategorie
        | étiquettes | groupe | catégorie
    """,
    "locale": """
        locale | language | preferred language | lang
        | زبان
        | اللغة
        | язык
        | idioma | língua
        | lengua
        | sprache
        | langue
    """,
    "consent_email": """
        consent email | email consent | email opt in | email marketing | subscribed to emails
        | newsletter
        | accepts email marketing | marketing emails | opted in email | email subscription
        | رضایت ایمیل | خبرنامه
        | موافقة البريد | موافقة البريد الإلكتروني | النشرة البريدية
        | согласие на email | согласие на рассылку | рассылка email
        | aceita emails | consentimento email | consentimento e-mail
        | acepta correos | consentimiento email | boletín
        | einwilligung e-mail | e-mail werbung
        | accepte les emails | consentement email | infolettre
    """,
    "consent_sms": """
        consent sms | sms consent | sms opt in | sms marketing | text opt in | accepts sms
        | marketing sms
        | opted in sms | sms subscription
        | رضایت پیامک | پیامک
        | موافقة الرسائل | موافقة الرسائل القصيرة | موافقة الرسائل النصية | الرسائل النصية
        | согласие на sms | согласие на смс | смс рассылка
        | aceita sms | consentimento sms
        | acepta sms | consentimiento sms
        | einwilligung sms | sms werbung
        | accepte les sms | consentement sms
    """,
    "notes": """
        notes | note | comments | comment | remarks | remark | customer note | member notes
        | description
        | توضیحات | یادداشت | ملاحظات
        | ملاحظة | الملاحظات | تعليقات
        | примечание | комментарий | заметки | примечания
        | observações | notas | comentários | obs
        | observaciones | comentarios
        | notizen | bemerkung | bemerkungen | anmerkung | notiz
        | remarques | commentaires | commentaire
    """,
    "last_visit_on": """
        last visit on | last visit | last visit date | last attended | last attendance
        | last check in
        | last checkin | last check-in | last seen | last booking | date of last visit
        | last access | last entry
        | آخرین مراجعه | آخرین ورود | تاریخ آخرین مراجعه | تاریخ آخرین ورود | آخرین حضور
        | آخر زيارة | تاريخ آخر زيارة | آخر حضور | آخر دخول
        | последнее посещение | дата последнего посещения | последний визит | дата последнего визита
        | última visita | data da última visita | último acesso | última frequência
        | dt ult visita | última presença
        | fecha última visita | último acceso | última asistencia | fecha de última visita
        | letzter besuch | letzter check-in | letzte anwesenheit | letztes training
        | datum letzter besuch
        | dernière visite | date dernière visite | dernier passage | dernière présence
        | date de dernière visite
    """,
    "visits_total": """
        visits total | total visits | visits | visit count | number of visits | attendances
        | total attendances
        | total bookings | attendance count | check ins | checkins | total check ins
        | lifetime visits
        | تعداد مراجعه | تعداد جلسات حضور | تعداد حضور | تعداد کل مراجعات | تعداد ورود
        | عدد الزيارات | إجمالي الزيارات | مرات الحضور
        | количество посещений | число посещений | всего посещений | посещений всего | посещения
        | total de visitas | número de visitas | nº visitas | nº frequências | frequências
        | total de presenças
        | visitas totales | asistencias | total de asistencias
        | besuche gesamt | anzahl besuche | besuche | check-ins gesamt
        | nombre de visites | visites | total visites | nombre de passages | passages
    """,
    "visits_per_week": """
        visits per week | weekly visits | visits a week | average visits per week | weekly average
        | avg visits per week | frequency per week | weekly frequency
        | میانگین هفتگی | مراجعه در هفته | حضور در هفته | تعداد مراجعه در هفته | میانگین حضور در هفته
        | الزيارات في الأسبوع | الزيارات الأسبوعية | متوسط الزيارات الأسبوعية
        | посещений в неделю | среднее в неделю
        | visitas por semana | frequência média | freq. média | frequência semanal | média semanal
        | frecuencia semanal | visitas semanales | media semanal
        | besuche pro woche | besuche je woche
        | visites par semaine | fréquence hebdomadaire | moyenne hebdomadaire
    """,
    "member": """
        member | member id | member number | member code | client id | customer id | person
        | membership number | user id | email | e-mail | customer email | email address
        | client email
        | mobile phone | mobile | phone | phone number | card code | card number | card | barcode
        | client
        | customer
        | کد عضویت | شماره عضویت | کد عضو | شماره عضو | عضو | کد مشتری | شماره کارت | موبایل
        | شماره موبایل
        | تلفن همراه | شماره تماس
        | رقم العضوية | رقم العضو | العضو | رقم العميل | رقم البطاقة | رقم الجوال | الجوال
        | رقم الهاتف
        | номер клиента | код клиента | клиент | id клиента | номер карты | телефон
        | мобильный телефон
        | número de sócio | nº sócio | sócio | id cliente | número do cartão | cartão | telemóvel
        | telefone
        | número de socio | socio | número de cliente | id de cliente | número de tarjeta | móvil
        | teléfono
        | mitgliedsnummer | mitglied | kundennummer | kartennummer | handynummer | telefonnummer
        | numéro de membre | numéro d'adhérent | adhérent | membre | numéro client
        | numéro de carte | portable
    """,
    "plan": """
        plan | membership plan | membership type | membership | membership title | membership name
        | pricing option | subscription | package | package name | product | contract type
        | tariff | rate plan
        | subscription plan | plan name | type of membership
        | نوع عضویت | طرح | نوع اشتراک | اشتراک | پکیج | نام دوره | دوره | نوع شهریه | نوع بلیت
        | نوع العضوية | نوع الاشتراك | الباقة | الاشتراك | العضوية | الخطة
        | абонемент | тип абонемента | вид абонемента | тариф | название абонемента | услуга
        | членство
        | plano | tipo de plano | mensalidade | modalidade | tipo de inscrição | contrato
        | pacote | produto
        | tipo de plan | tarifa | cuota | abono | tipo de cuota | membresía | tipo de membresía
        | suscripción
        | vertrag | vertragsart | tarif | mitgliedschaft | abo | vertragstyp | abonnement art
        | abonnement | type d'abonnement | formule | forfait | type d'adhésion | adhésion
        | prestation
    """,
    "starts_on": """
        starts on | start date | starts | start | begin date | valid from | from | active from
        | contract start
        | membership start | membership start date | effective date | activation date
        | commencement date | commencement
        | term start | beginning | subscription start
        | تاریخ شروع | شروع | از تاریخ | شروع دوره | تاریخ شروع دوره | تاریخ شروع عضویت
        | شروع اعتبار
        | تاريخ البداية | تاريخ البدء | البداية | بداية الاشتراك | تاريخ بداية الاشتراك | من تاريخ
        | дата начала | начало | действует с | начало действия | дата активации
        | дата начала действия | с
        | início | data de início | data início | início do contrato | válido de | data inicial
        | inicio | fecha de inicio | fecha inicio | válido desde | desde | comienzo | fecha inicial
        | beginn | vertragsbeginn | startdatum | gültig ab | ab | von | anfang
        | date de début | début | date début | valable du | du | début du contrat
        | début d'abonnement
    """,
    "ends_on": """
        ends on | end date | ends | end | finish date | finish | expiry date | expiration date
        | expires | expires on | expiry
        | expiration | valid until | valid to | valid through | to | until | contract end
        | membership end
        | membership end date | term end | last valid day | valid till | subscription end
        | renewal date
        | تاریخ پایان | پایان | تا تاریخ | تاریخ انقضا | انقضا | تاریخ اتمام | پایان دوره
        | تاریخ پایان دوره | اعتبار تا
        | تاريخ الانتهاء | النهاية | تاريخ النهاية | نهاية الاشتراك | تاريخ انتهاء الاشتراك
        | ينتهي في | إلى تاريخ
        | дата окончания | окончание | действует до | срок действия | дата завершения | конец
        | истекает | по
        | término | termino | fim | data de fim | data fim | data de término | válido até
        | validade | data final
        | fin | fecha de fin | fecha fin | vencimiento | fecha de vencimiento | válido hasta
        | hasta | caducidad
        | fecha de baja | fecha final
        | ende | vertragsende | enddatum | gültig bis | bis | ablaufdatum | läuft ab am
        | laufzeitende
        | date de fin | date fin | expire le | date d'expiration | valable jusqu'au | au
        | fin du contrat
        | échéance | fin d'abonnement
    """,
    "sold_on": """
        sold on | sale date | sold | date sold | purchase date | purchased on | bought on
        | signed on
        | contract date | order date
        | تاریخ فروش | تاریخ خرید | تاریخ قرارداد
        | تاريخ البيع | تاريخ الشراء | تاريخ العقد
        | дата продажи | дата покупки | дата договора
        | data de venda | data da venda | data de compra | data do contrato
        | fecha de venta | fecha de compra | fecha de contrato
        | verkaufsdatum | kaufdatum | vertragsdatum | abschlussdatum
        | date de vente | date d'achat | date du contrat
    """,
    "price": """
        price | fee | membership fee | amount | cost | subscription amount | initial subtotal
        | total price
        | monthly fee | plan price | subtotal | list price | total | value
        | مبلغ | قیمت | شهریه | هزینه | مبلغ کل | مبلغ شهریه
        | السعر | المبلغ | الرسوم | القيمة | قيمة الاشتراك
        | цена | стоимость | сумма | стоимость абонемента
        | preço | valor | valor da mensalidade | montante
        | precio | importe | costo | coste | monto
        | preis | betrag | beitrag | mitgliedsbeitrag | gebühr
        | prix | montant | tarif ttc | cotisation | coût
    """,
    "paid": """
        paid | amount paid | paid amount | total paid | paid so far | total payments
        | پرداخت شده | مبلغ پرداختی | مبلغ پرداخت شده | پرداختی
        | المدفوع | المبلغ المدفوع
        | оплачено | сумма оплаты | оплата | внесено
        | pago | valor pago | total pago | montante pago
        | pagado | importe pagado | total pagado
        | bezahlt | bezahlter betrag | gezahlt
        | payé | montant payé | réglé | total payé
    """,
    "amount": """
        amount | amount paid | paid | payment amount | sum | total | value | price
        | مبلغ | مبلغ پرداخت | مبلغ پرداختی | پرداختی
        | المبلغ | القيمة | المبلغ المدفوع | المدفوع
        | сумма | сумма платежа | сумма оплаты | оплачено
        | valor | montante | valor pago
        | importe | monto | cantidad | importe pagado
        | betrag | summe | bezahlter betrag
        | montant | somme | montant payé | montant réglé
    """,
    "currency": """
        currency | currency code
        | واحد پول | ارز
        | العملة
        | валюта
        | moeda
        | moneda | divisa
        | währung
        | devise | monnaie
    """,
    "visits_left": """
        visits left | remaining visits | remaining | sessions left | visits remaining
        | remaining sessions
        | classes left | credits left | credits | balance of visits
        | جلسات باقیمانده | باقیمانده | جلسات مانده | تعداد جلسات باقیمانده | مانده جلسات
        | الزيارات المتبقية | الجلسات المتبقية | المتبقي
        | осталось посещений | остаток посещений | остаток занятий | осталось занятий
        | visitas restantes | sessões restantes | aulas restantes
        | sesiones restantes | clases restantes | entradas restantes
        | verbleibende besuche | resteinheiten | restbesuche
        | visites restantes | séances restantes | entrées restantes
    """,
    "auto_renew": """
        auto renew | autorenew | auto renewal | automatic renewal | autopay | recurring
        | renews automatically
        | تمدید خودکار
        | تجديد تلقائي | التجديد التلقائي
        | автопродление | автоматическое продление
        | renovação automática
        | renovación automática
        | automatische verlängerung | verlängert sich
        | renouvellement automatique | tacite reconduction
    """,
    "previous": """
        previous | previous id | previous membership | renewal of | renews | previous contract
        | عضویت قبلی | قرارداد قبلی
        | العضوية السابقة | الاشتراك السابق | العقد السابق
        | предыдущий | предыдущий абонемент | предыдущий договор
        | contrato anterior | anterior
        | contrato previo
        | vorheriger vertrag | vorvertrag
        | contrat précédent | précédent
    """,
    "renewals_before": """
        renewals before | renewals | number of renewals | renewal count | times renewed
        | تعداد تمدید | تعداد تمدیدها | دفعات تمدید
        | عدد التجديدات | مرات التجديد
        | количество продлений | число продлений | продлений
        | nº renovações | número de renovações | renovações
        | número de renovaciones | renovaciones
        | anzahl verlängerungen | verlängerungen
        | nombre de renouvellements | renouvellements
    """,
    "status": """
        status | membership status | member status | contract status | payment status
        | وضعیت | وضعیت عضویت
        | الحالة | حالة العضوية | حالة الاشتراك
        | статус | состояние | статус абонемента
        | estado | situação | estado do sócio
        | situación | estado del socio
        | vertragsstatus | mitgliedsstatus
        | statut | état | statut du contrat
    """,
    "checked_in_at": """
        checked in at | check in time | check-in | checkin | check in | check in at
        | checkin time | entry time
        | entry | entered at | time in | visit date | visit time | date of visit
        | attendance date | attended on
        | date time | datetime | timestamp | visited at | visited on | entry date | date | time
        | visit
        | زمان ورود | ساعت ورود | تاریخ ورود | ورود | تاریخ مراجعه | تاریخ حضور | تاریخ
        | وقت الدخول | تاريخ الدخول | الدخول | تاريخ الزيارة | التاريخ | وقت الحضور
        | время входа | дата входа | вход | дата посещения | время посещения | дата и время | дата
        | hora de entrada | data de entrada | entrada | data da visita | data | data hora
        | fecha de entrada | fecha de visita | fecha | fecha y hora | fecha hora
        | eintritt am | check-in zeit | besuchsdatum | datum | eingang | zeitstempel | datum uhrzeit
        | heure d'entrée | date d'entrée | entrée | date de visite | date de passage | date et heure
    """,
    "checked_out_at": """
        checked out at | check out time | check-out | checkout | check out | exit time | exit
        | left at
        | time out | exit date
        | زمان خروج | ساعت خروج | تاریخ خروج | خروج
        | وقت الخروج | تاريخ الخروج | الخروج
        | время выхода | дата выхода | выход
        | hora de saída | data de saída | saída
        | hora de salida | fecha de salida | salida
        | austritt am | check-out zeit | ausgang
        | heure de sortie | date de sortie | sortie
    """,
    "access_point": """
        access point | door | gate | turnstile | reader | terminal | entrance | device
        | درب | درب ورود | در ورودی | گیت | درگاه ورود
        | البوابة | الباب | نقطة الدخول
        | турникет | дверь | точка доступа | считыватель
        | porta | torniquete | ponto de acesso
        | puerta | torno | punto de acceso
        | tür | drehkreuz | leser
        | porte | tourniquet | point d'accès
    """,
    "direction": """
        direction | in out | in/out | movement | event type
        | جهت | ورود خروج
        | الاتجاه | دخول خروج
        | направление | вход выход
        | direção | sentido | entrada saída
        | dirección de paso | entrada salida
        | richtung
        | sens | entrée sortie
    """,
    "paid_at": """
        paid at | payment date | date paid | paid on | transaction date | received on | date
        | payment time
        | date of payment
        | تاریخ پرداخت | تاریخ واریز | تاریخ
        | تاريخ الدفع | تاريخ السداد | التاريخ
        | дата оплаты | дата платежа | дата
        | data de pagamento | data do pagamento | data | pago em
        | fecha de pago | fecha del pago | fecha
        | zahlungsdatum | bezahlt am | zahlungseingang | datum | buchungsdatum
        | date de paiement | payé le | date de règlement
    """,
    "method": """
        method | payment method | paid with | payment type | tender | means of payment
        | روش پرداخت | نحوه پرداخت | نوع پرداخت
        | طريقة الدفع | وسيلة الدفع
        | способ оплаты | вид оплаты | форма оплаты | метод оплаты
        | método de pagamento | forma de pagamento | meio de pagamento
        | método de pago | forma de pago | medio de pago
        | zahlungsart | zahlungsmethode | zahlungsweise
        | mode de paiement | moyen de paiement | mode de règlement
    """,
    "for": """
        for | purpose | description | item | details | product | service | what for | reason
        | memo | reference
        | بابت | شرح | توضیحات
        | الغرض | الوصف | البيان
        | назначение | назначение платежа | за что | описание
        | descrição | referente a | motivo
        | concepto | descripción
        | verwendungszweck | zweck | beschreibung
        | objet | motif | libellé | désignation
    """,
    "due_on": """
        due on | due date | due | payable by | payment due
        | سررسید | تاریخ سررسید | مهلت پرداخت
        | تاريخ الاستحقاق | الاستحقاق
        | срок оплаты | оплатить до | дата платежа по графику
        | data de vencimento | vencimento | vence em
        | fecha de vencimiento | vence el
        | fällig am | fälligkeit | fälligkeitsdatum
        | date d'échéance | échéance | à payer avant
    """,
    "from": """
        from | from date | start | start date | starts on | begins | freeze start | frozen from
        | hold start
        | closed from | pause start | suspended from
        | از | از تاریخ | تاریخ شروع | شروع | شروع فریز | شروع تعلیق | شروع مرخصی
        | من | من تاريخ | تاريخ البداية | بداية التجميد
        | с | дата начала | начало | начало заморозки
        | de | desde | início | data de início | início da suspensão
        | fecha de inicio | inicio | inicio de la congelación
        | von | ab | beginn | startdatum | beginn ruhezeit
        | du | début | date de début | début de suspension
    """,
    "until": """
        until | return date | back on | returns on | first day back | resumes on | reopens on
        | open again
        | تاریخ بازگشت | بازگشت
        | تاريخ العودة
        | дата возвращения | дата возврата
        | data de regresso | regresso em | reabre em
        | fecha de regreso | fecha de vuelta | reapertura
        | wieder da ab | rückkehr am | wieder offen ab
        | date de retour | retour le | réouverture
    """,
    "last_day": """
        last day | to | through | end | end date | ends on | to date | freeze end | hold end
        | closed to
        | closed through | pause end | suspended to | ends
        | تا | تا تاریخ | تاریخ پایان | پایان | پایان فریز | پایان تعلیق | پایان مرخصی
        | إلى | إلى تاريخ | تاريخ النهاية | نهاية التجميد
        | по | до | дата окончания | конец | окончание | конец заморозки
        | até | fim | data de fim | fim da suspensão | último dia
        | hasta | fin | fecha de fin | último día
        | bis | ende | enddatum | letzter tag
        | au | fin de suspension | date de fin | dernier jour
    """,
    "reason": """
        reason | freeze reason | hold reason | why | comment | note | notes
        | علت | دلیل | توضیحات
        | السبب | سبب التجميد
        | причина | комментарий
        | motivo | razão
        | razón
        | grund | bemerkung
        | motif | raison
    """,
    "share": """
        share | share of visits | expected share | percent open | capacity share | share percent
        | سهم | درصد
        | النسبة | الحصة
        | доля | процент
        | percentagem | quota
        | porcentaje | cuota de visitas
        | anteil | prozent
        | part | pourcentage
    """,
    "name": """
        name | title | holiday | occasion | closure | closure name
        | نام | عنوان | مناسبت
        | الاسم | المناسبة
        | название | праздник
        | nome | feriado
        | nombre | festivo
        | bezeichnung | feiertag
        | nom | jour férié
    """,
    "extends_terms": """
        extends terms | extend memberships | days given back | give days back
        | تمدید عضویت
        | تمديد الاشتراكات
        | продлевает абонементы
        | prolonga contratos
        | prolonga contratos y cuotas
        | verlängert verträge
        | prolonge les contrats
    """,
}
"""Canonical column -> phrases parted by `|`."""

BY_KIND: Mapping[Kind, Mapping[str, str]] = {
    Kind.MEMBERSHIPS: {
        # Beside a column for the member, these name the term itself.
        "external_id": """
            external id | membership id | contract id | contract number | contract no
            | subscription id
            | agreement number | agreement id
            | شماره قرارداد | شماره اشتراک
            | رقم العقد | رقم الاشتراك
            | номер договора | номер абонемента
            | número do contrato | nº contrato
            | número de contrato | id contrato
            | vertragsnummer | vertragsnr
            | numéro de contrat | numéro d'abonnement
        """,
    },
    Kind.DEBTS: {
        # What is left to pay comes before what the whole was.
        "amount": """
            amount due | balance due | outstanding | outstanding balance | debt | owed | balance
            | amount owed | unpaid | amount | sum | total | value
            | بدهی | مانده بدهی | مبلغ بدهی | مانده | مبلغ
            | المبلغ المستحق | الدين | الرصيد | المتبقي | المبلغ | القيمة
            | долг | задолженность | сумма долга | остаток | сумма
            | dívida | em dívida | valor em dívida | saldo | valor | montante
            | deuda | saldo pendiente | pendiente | importe | monto | cantidad
            | offener betrag | offen | schulden | forderung | betrag | summe
            | montant dû | reste à payer | dette | impayé | solde | montant | somme
        """,
    },
    Kind.PAYMENTS: {
        "external_id": """
            external id | payment id | transaction id | receipt number | receipt no | receipt
            | invoice number
            | payment number | transaction | id | document number
            | شماره رسید | شماره فیش | کد رهگیری | شماره تراکنش
            | رقم الإيصال | رقم العملية | رقم الدفعة
            | номер платежа | номер чека | номер операции
            | número do recibo | nº recibo | id pagamento
            | número de recibo | id de pago | nº de recibo
            | belegnummer | zahlungsnummer | transaktionsnummer
            | numéro de reçu | numéro de paiement | numéro de transaction
        """,
    },
}
"""Phrases that mean something of their own in one kind of file; they come before the general ones."""

KNOWN_USELESS: Mapping[str, str] = {
    "age": "age | سن | العمر | возраст | idade | edad | alter | âge",
    "derived": """
        days since last visit | days absent | dias sem frequência | diassemfrequencia
        | months enrolled
        | mesesinscricao | days left | days remaining | روز باقیمانده
    """,
}
"""Headings that are understood and left out on purpose: what they say changes by itself every day."""
